package replaytest

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant/internal/template"
)

// compareSummary compares the members of the summary that are expected.
func (g *outcome) compareSummary(e *expectation) (Failure, bool) {
	want, err := template.ParseJSON(g.c.place(e.name), e.body)
	if err != nil {
		return Failure{Message: err.Error()}, false
	}
	b, err := json.Marshal(g.summary)
	if err != nil {
		return Failure{Message: err.Error()}, false
	}
	got, err := template.ParseJSON("summary", b)
	if err != nil {
		return Failure{Message: err.Error()}, false
	}
	same, shown := subset(want, got)
	if same {
		return Failure{}, true
	}
	x, y := indented(want, ""), indented(shown, "")
	list := edits(len(x), len(y), func(i, j int) bool { return x[i] == y[j] })
	return Failure{Message: "the summary is not as expected", Diff: unified(e.name, "summary", x, y, list, maxDiffLines), Parting: g.astray()}, false
}

// subset reports whether got has all that want has, and returns what got has of it. Items of lists are found by their
// name or key where they have one, else by their place.
func subset(want, got *template.Node) (bool, *template.Node) {
	null := &template.Node{Kind: template.Null}
	if got == nil {
		return want.Kind == template.Null, null
	}
	if want.Kind != got.Kind {
		return false, got
	}
	out := &template.Node{Kind: want.Kind}
	same := true
	switch want.Kind {
	case template.Map:
		for _, m := range want.Members {
			ok, v := subset(m.Value, got.Get(m.Key))
			same = same && ok
			out.Members = append(out.Members, template.Member{Key: m.Key, Value: v})
		}
	case template.List:
		named := len(want.Items) > 0
		for i, w := range want.Items {
			var found *template.Node
			if name := nameOf(w); name != nil {
				found = itemNamed(got, name)
			} else {
				named = false
				if i < len(got.Items) {
					found = got.Items[i]
				}
			}
			ok, v := subset(w, found)
			same = same && ok
			out.Items = append(out.Items, v)
		}
		if !named && len(got.Items) > len(want.Items) {
			same = false
			out.Items = append(out.Items, got.Items[len(want.Items):]...)
		}
	case template.String:
		if p := keyPattern(want.Text); p.matches(got.Text) {
			return true, want
		}
		return false, &template.Node{Kind: template.String, Text: plain(got.Text)}
	case template.Number:
		x, errX := strconv.ParseFloat(want.Text, 64)
		y, errY := strconv.ParseFloat(got.Text, 64)
		if errX == nil && errY == nil && x == y {
			return true, want
		}
		return want.Text == got.Text, got
	default:
		return want.Text == got.Text, got
	}
	return same, out
}

// nameOf is what an item of a list is known by.
func nameOf(n *template.Node) *template.Member {
	if n.Kind != template.Map {
		return nil
	}
	for i := range n.Members {
		m := &n.Members[i]
		if (m.Key == "name" || m.Key == "key") && m.Value.Kind == template.String {
			return m
		}
	}
	return nil
}

func itemNamed(list *template.Node, name *template.Member) *template.Node {
	p := keyPattern(name.Value.Text)
	for _, i := range list.Items {
		if v := i.Get(name.Key); v != nil && p.matches(v.Text) {
			return i
		}
	}
	return nil
}

// indented prints JSON as lines, maps in their order.
func indented(n *template.Node, indent string) []string {
	const step = "  "
	var lines []string
	list := func(open, end string, items int, item func(i int) (head string, v *template.Node)) {
		if items == 0 {
			lines = append(lines, open+end)
			return
		}
		lines = append(lines, open)
		for i := range items {
			head, v := item(i)
			sub := indented(v, indent+step)
			sub[0] = indent + step + head + strings.TrimPrefix(sub[0], indent+step)
			if i < items-1 {
				sub[len(sub)-1] += ","
			}
			lines = append(lines, sub...)
		}
		lines = append(lines, indent+end)
	}
	switch n.Kind {
	case template.Map:
		list("{", "}", len(n.Members), func(i int) (string, *template.Node) {
			return strconv.Quote(n.Members[i].Key) + ": ", n.Members[i].Value
		})
	case template.List:
		list("[", "]", len(n.Items), func(i int) (string, *template.Node) { return "", n.Items[i] })
	default:
		lines = append(lines, text(n))
	}
	return lines
}
