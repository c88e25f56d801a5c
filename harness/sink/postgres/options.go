package postgres

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant/harness/record"
)

// options are the parameters of a COPY command, as Redshift documents them.
type options struct {
	json, ignoreCase          bool
	csv                       bool
	quote, delimiter          byte
	escape, removeQuotes      bool
	gzip                      bool
	null                      string
	ignoreHeader              int
	emptyAsNull, blanksAsNull bool
	trimBlanks, ignoreBlank   bool
	fillRecord, truncate      bool
	invalid                   byte // what stands for text that isn't UTF-8; 0 refuses such a row
	most                      int  // rows that may be rejected, less one
	dateFormat, timeFormat    string
	given                     []string
}

// An UnsupportedError is a parameter of COPY that this dialect does not have.
type UnsupportedError struct{ Parameter string }

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("PostgreSQL can't stand in for Redshift here: COPY with %s is not supported", e.Parameter)
}

// parseOptions reads CopyOptions. Its error is an *UnsupportedError, or an *record.Outage with what Redshift would say.
func parseOptions(text string) (*options, error) {
	o := &options{quote: '"', null: `\N`, most: 1, dateFormat: "auto", timeFormat: "auto"}
	words, err := split(text)
	if err != nil {
		return nil, err
	}
	delimiter := ""
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		name := strings.ToUpper(w.text)
		if w.quoted {
			return nil, syntax("'%s' where a parameter is wanted", w.text)
		}
		// argument is the value behind a parameter, and behind AS where that is said.
		argument := func() (string, error) {
			if len(words) > 0 && !words[0].quoted && strings.EqualFold(words[0].text, "AS") {
				words = words[1:]
			}
			if len(words) == 0 {
				return "", syntax("%s needs a value", name)
			}
			v := words[0].text
			words = words[1:]
			return v, nil
		}
		// maybe is the value behind a parameter that may do without.
		maybe := func(values ...string) string {
			if len(words) > 0 && !words[0].quoted && slices.Contains(values, strings.ToUpper(words[0].text)) {
				v := words[0].text
				words = words[1:]
				return v
			}
			return ""
		}
		if name == "FORMAT" {
			if name, err = argument(); err != nil {
				return nil, err
			}
			name = strings.ToUpper(name)
		}
		if slices.Contains(o.given, name) {
			return nil, conflict("%s is given twice", name)
		}
		o.given = append(o.given, name)
		v := ""
		switch name {
		case "CSV":
			o.csv = true
			if maybe("QUOTE") != "" {
				if v, err = argument(); err == nil {
					o.quote, err = character("QUOTE", v)
				}
			}
		case "JSON":
			o.json = true
			v = "auto"
			if len(words) > 0 && (words[0].quoted || strings.EqualFold(words[0].text, "AS")) {
				v, err = argument()
			}
			switch strings.ToLower(v) {
			case "auto":
			case "auto ignorecase":
				o.ignoreCase = true
			default:
				return nil, &UnsupportedError{"JSON '" + v + "'"}
			}
		case "DELIMITER":
			delimiter, err = argument()
		case "ESCAPE":
			o.escape = true
		case "REMOVEQUOTES":
			o.removeQuotes = true
		case "GZIP":
			o.gzip = true
		case "NULL":
			o.null, err = argument()
			if o.null == `\0` || o.null == `\000` {
				return nil, &UnsupportedError{"NULL AS '" + o.null + "'"}
			}
		case "IGNOREHEADER":
			o.ignoreHeader, err = number(name, argument, 1<<31-1)
		case "MAXERROR":
			o.most, err = number(name, argument, 100_000)
			o.most = max(o.most, 1)
		case "EMPTYASNULL":
			o.emptyAsNull = true
		case "BLANKSASNULL":
			o.blanksAsNull = true
		case "TRIMBLANKS":
			o.trimBlanks = true
		case "IGNOREBLANKLINES":
			o.ignoreBlank = true
		case "FILLRECORD":
			o.fillRecord = true
		case "TRUNCATECOLUMNS":
			o.truncate = true
		case "ACCEPTINVCHARS":
			o.invalid = '?'
			if len(words) > 0 && (words[0].quoted || strings.EqualFold(words[0].text, "AS")) {
				if v, err = argument(); err == nil {
					o.invalid, err = character(name, v)
				}
			}
		case "TIMEFORMAT":
			o.timeFormat, err = argument()
			if f := strings.ToLower(o.timeFormat); err == nil && f != "auto" && f != "epochsecs" && f != "epochmillisecs" {
				return nil, &UnsupportedError{"TIMEFORMAT '" + o.timeFormat + "'"}
			}
			o.timeFormat = strings.ToLower(o.timeFormat)
		case "DATEFORMAT":
			o.dateFormat, err = argument()
			if f := strings.ToLower(o.dateFormat); err == nil && f != "auto" && f != "yyyy-mm-dd" {
				return nil, &UnsupportedError{"DATEFORMAT '" + o.dateFormat + "'"}
			}
		case "ENCODING":
			if v, err = argument(); err == nil && !strings.EqualFold(v, "UTF8") {
				return nil, &UnsupportedError{"ENCODING " + v}
			}
		case "COMPUPDATE":
			maybe("ON", "OFF", "TRUE", "FALSE", "PRESET")
		case "STATUPDATE":
			maybe("ON", "OFF", "TRUE", "FALSE")
		case "COMPROWS":
			_, err = number(name, argument, 1<<31-1)
		case "REGION":
			_, err = argument()
		case "MANIFEST", "CREDENTIALS", "IAM_ROLE", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY":
			return nil, conflict("%s stands in the command already", name)
		case "ACCEPTANYDATE", "AVRO", "BZIP2", "ENCRYPTED", "EXPLICIT_IDS", "FIXEDWIDTH", "LZOP", "MASTER_SYMMETRIC_KEY", "NOLOAD", "ORC", "PARQUET",
			"READRATIO", "ROUNDEC", "SESSION_TOKEN", "SHAPEFILE", "SSH", "ZSTD":
			return nil, &UnsupportedError{name}
		default:
			return nil, syntax("near %q", w.text)
		}
		if err != nil {
			return nil, err
		}
	}
	has := func(names ...string) string {
		for _, n := range names {
			if slices.Contains(o.given, n) {
				return n
			}
		}
		return ""
	}
	switch other := has("CSV", "DELIMITER", "ESCAPE", "REMOVEQUOTES", "FILLRECORD", "IGNOREHEADER", "IGNOREBLANKLINES"); {
	case o.json && other != "":
		return nil, conflict("JSON and %s don't go together", other)
	case o.csv && has("ESCAPE", "REMOVEQUOTES") != "":
		return nil, conflict("CSV and %s don't go together", has("ESCAPE", "REMOVEQUOTES"))
	case delimiter != "":
		if o.delimiter, err = character("DELIMITER", delimiter); err != nil {
			return nil, err
		}
	case o.csv:
		o.delimiter = ','
	default:
		o.delimiter = '|'
	}
	return o, nil
}

// character is a text that is one character of ASCII, also as \t or as octal digits behind a backslash.
func character(name, v string) (byte, error) {
	switch {
	case len(v) == 1 && v[0] < 0x80:
		return v[0], nil
	case v == `\t`:
		return '\t', nil
	case len(v) == 4 && v[0] == '\\':
		if n, err := strconv.ParseUint(v[1:], 8, 7); err == nil {
			return byte(n), nil
		}
	}
	return 0, syntax("%s must be a single character; it is '%s'", name, v)
}

func number(name string, argument func() (string, error), most int) (int, error) {
	v, err := argument()
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > most {
		return 0, syntax("%s must be a number from 0 to %d; it is %s", name, most, v)
	}
	return n, nil
}

// A word of COPY's parameters.
type word struct {
	text   string
	quoted bool
}

// split makes words of a text: names, numbers, and texts in single quotes.
func split(text string) ([]word, error) {
	var words []word
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';' || c == ',':
			i++
		case c == '\'':
			var b strings.Builder
			closed := false
			for i++; i < len(text) && !closed; i++ {
				switch {
				case text[i] != '\'':
					b.WriteByte(text[i])
				case i+1 < len(text) && text[i+1] == '\'':
					b.WriteByte('\'')
					i++
				default:
					closed = true
				}
			}
			if !closed {
				return nil, syntax("a quoted text that doesn't end")
			}
			words = append(words, word{b.String(), true})
		default:
			n := strings.IndexAny(text[i:], " \t\r\n';,")
			if n < 0 {
				n = len(text) - i
			}
			words = append(words, word{text[i : i+n], false})
			i += n
		}
	}
	return words, nil
}

func syntax(format string, args ...any) error {
	return &record.Outage{Code: "Redshift.SyntaxError", Message: "COPY contains a syntax error: " + fmt.Sprintf(format, args...)}
}

func conflict(format string, args ...any) error {
	return &record.Outage{Code: "Redshift.IncorrectCopyOptions", Message: "COPY has conflicting or redundant options: " + fmt.Sprintf(format, args...)}
}
