package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/replaytest"
)

// A junitReport is what readers of JUnit reports have in common: elements and attributes that both the schema of Ant's
// reports and that of Jenkins take.
type junitReport struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Package    string          `xml:"package,attr"`
	ID         int             `xml:"id,attr"`
	Name       string          `xml:"name,attr"`
	Timestamp  string          `xml:"timestamp,attr"` // xs:dateTime without a zone
	Hostname   string          `xml:"hostname,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`           // seconds
	Properties []junitProperty `xml:"properties>property"` // at least one
	Cases      []junitCase     `xml:"testcase"`
	Out        string          `xml:"system-out"`
	Err        string          `xml:"system-err"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Error   *junitProblem `xml:"error"`
	Failure *junitProblem `xml:"failure"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a report of results beside name, then under it.
func writeJUnit(name string, results []*replaytest.Result, began time.Time) error {
	suite := junitSuite{Package: "hydrant", Name: "hydrant test", Timestamp: began.UTC().Format("2006-01-02T15:04:05"), Hostname: "localhost", Tests: len(results),
		Properties: []junitProperty{{"hydrant.version", version}}}
	if host, err := os.Hostname(); err == nil && host != "" {
		suite.Hostname = host
	}
	var total time.Duration
	for _, r := range results {
		c := junitCase{Name: r.Name, Class: "hydrant.test", Time: seconds(r.Elapsed)}
		if i := strings.LastIndexByte(r.Name, '/'); i > 0 {
			c.Name, c.Class = r.Name[i+1:], strings.ReplaceAll(strings.Trim(r.Name[:i], "./"), "/", ".")
			if c.Class == "" {
				c.Class = "hydrant.test"
			}
		}
		total += r.Elapsed
		switch {
		case r.Err != nil:
			suite.Errors++
			c.Error = &junitProblem{Message: r.Err.Error(), Type: "unreadable", Text: r.Err.Error()}
		case !r.Passed():
			suite.Failures++
			c.Failure = &junitProblem{Message: r.Failures[0].Message, Type: "difference", Text: "\n" + strings.Join(texts(r), "\n\n") + "\n"}
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = seconds(total)
	b, err := xml.MarshalIndent(junitReport{Suites: []junitSuite{suite}}, "", "  ")
	if err != nil {
		return err
	}
	tmp := name + ".part"
	if err := os.WriteFile(tmp, append([]byte(xml.Header), append(b, '\n')...), 0o666); err != nil {
		return err
	}
	if err := os.Rename(tmp, name); err != nil {
		_ = os.Remove(tmp)
		return err
	}
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
