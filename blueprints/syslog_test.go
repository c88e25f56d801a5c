package blueprints

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant"
)

// The service's grammar as an expression, which parse3164 is the twin of.
var syslogExpression = regexp.MustCompile(`^((?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)` +
	` +(?:0[1-9]|[12][0-9]|3[01]|[1-9]) (?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:[:.,][0-9]+)?) (?:<[0-9]+\.[0-9]+> )?` +
	`([A-Za-z0-9._-]+) ([\w./%-]+)(?:\[([1-9][0-9]*)\])?: ([^\n\r\x{2028}\x{2029}]*)`)

// syslogTwin is the blueprint as one would write it with the expression.
func syslogTwin(line string) (want map[string]string, ok bool) {
	m := syslogExpression.FindStringSubmatch(strings.ToValidUTF8(line, "\uFFFD"))
	if m == nil {
		return nil, false
	}
	want = map[string]string{"timestamp": m[1], "hostname": m[2], "program": m[3], "message": m[5]}
	if m[4] != "" {
		want["processid"] = m[4]
	}
	return want, true
}

func compareSyslog(t *testing.T, line string) {
	t.Helper()
	got, status := new(Syslog).appendJSON(context.Background(), nil, hydrant.Record{Data: []byte(line)})
	want, ok := syslogTwin(line)
	if ok != (status == hydrant.OK) {
		t.Fatalf("%q: %v, the expression says %v", line, status, ok)
	}
	if !ok {
		return
	}
	var doc map[string]string
	if err := json.Unmarshal(got, &doc); err != nil || len(doc) != len(want) {
		t.Fatalf("%q: %s, %v", line, got, err)
	}
	for k, v := range want {
		// Parts of characters become one U+FFFD or several.
		if strings.ReplaceAll(doc[k], "\uFFFD", "") != strings.ReplaceAll(v, "\uFFFD", "") {
			t.Fatalf("%q: %s %q, want %q", line, k, doc[k], v)
		}
	}
}

func TestSyslogTwin(t *testing.T) {
	for _, name := range []string{"syslog/Linux_2k.log", "syslog/Mac_2k.log.gz", "syslog/lnav_logfile_syslog.3", "syslog/crowdsec_sshd-logs.log"} {
		for _, line := range corpus(t, name) {
			compareSyslog(t, line)
		}
	}
}

func FuzzSyslog(f *testing.F) {
	f.Add("Oct 11 22:14:15 mymachine su[77]: 'su root' failed for x")
	f.Add("June  1 23:59:60,001 <4.2> a_b prog/%-[1]: ")
	f.Add("May 31 00:00:00:1 h p: \xe2\x80\xa8")
	f.Fuzz(func(t *testing.T, line string) { compareSyslog(t, line) })
}
