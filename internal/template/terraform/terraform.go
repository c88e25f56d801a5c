// Package terraform reads Terraform as templates: .tf files whose values are literals, variables,
// locals and functions of those, and the JSON of terraform show.
//
// What it delivers are the nodes and resources of [template]. A resource's logical id is its
// address ("aws_kinesis_firehose_delivery_stream.logs", with "[0]" or ["key"] behind it for count
// and for_each), its properties are its arguments, and each kind of block in it is a list of maps,
// in .tf as in terraform show. References to attributes that a provider would compute (an ARN, an
// id) have the values that the same resource has in a CloudFormation template.
//
// # Design
//
// Expressions are evaluated here, over nodes that keep their places, rather than by hcl over
// values that have none: a column's type written in a local, passed through a for expression and a
// dynamic block, is still reported where it is written. Functions and operators that compute a new
// value are go-cty's; theirs is the place of the call.
//
// Modules are not followed in .tf files (terraform show has them resolved), and what only a
// provider knows is Unresolved.
package terraform

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/hydrantkit/hydrant/internal/template"
)

const (
	maxFile    = 4 << 20  // bytes of a .tf file, and of a file that file() reads
	maxNesting = 200      // of brackets, templates and blocks in a file
	maxTernary = 5000     // conditionals and template directives in a file
	maxDepth   = 500      // of an evaluation
	maxCalls   = 2 << 20  // expressions evaluated, and items made by functions
	maxText    = 64 << 20 // bytes of text that is made in all
	maxString  = 4 << 20  // bytes of one such text
)

// A File is a .tf or .tfvars file.
type File struct {
	Name string
	Data []byte
}

// Load reads a description from the disk: the JSON of terraform show, a directory of .tf files, or
// one .tf file. The last delivers the resources of that file alone; variables, locals and resources
// that it doesn't declare are looked up in the other .tf files beside it. The values of
// terraform.tfvars and *.auto.tfvars apply, o.Parameters before them; those may also name a variable
// that is used and declared nowhere, as in a file that was taken out of its module.
func Load(path string, o template.Options) (*template.Template, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	dir := path
	if !info.IsDir() {
		if filepath.Ext(path) != ".tf" {
			data, err := os.ReadFile(path)
			if err != nil {
				return nil, fileError(path, err)
			}
			doc, err := template.ParseJSON(path, data)
			if err != nil {
				return nil, err
			}
			return ParseShow(doc, o)
		}
		dir = filepath.Dir(path)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fileError(dir, err)
	}
	var files, beside, values []File
	for _, e := range entries {
		name := e.Name()
		tf, vars := strings.HasSuffix(name, ".tf"), name == "terraform.tfvars" || strings.HasSuffix(name, ".auto.tfvars")
		if e.IsDir() || !tf && !vars {
			continue
		}
		f := File{Name: filepath.Join(dir, name)}
		asked := info.IsDir() || name == filepath.Base(path)
		if asked && !info.IsDir() {
			f.Name = path
		}
		if f.Data, err = os.ReadFile(f.Name); err != nil {
			return nil, fileError(f.Name, err)
		}
		switch {
		case vars && name == "terraform.tfvars":
			values = slices.Insert(values, 0, f)
		case vars:
			values = append(values, f)
		case asked:
			files = append(files, f)
		default:
			beside = append(beside, f)
		}
	}
	read := func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return os.ReadFile(name)
	}
	return parse(files, beside, values, o, read)
}

func fileError(path string, err error) error {
	if pe, ok := err.(*os.PathError); ok {
		err = pe.Err
	}
	return &template.Error{Pos: template.Pos{File: path}, Msg: err.Error()}
}

// Parse reads .tf files as one configuration, and .tfvars files among them as values for its
// variables. Read gives file() and its kin their files, by names relative to the configuration;
// with a nil read such values are Unresolved.
func Parse(files []File, o template.Options, read func(name string) ([]byte, error)) (*template.Template, error) {
	var tf, values []File
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".tfvars") {
			values = append(values, f)
		} else {
			tf = append(tf, f)
		}
	}
	return parse(tf, nil, values, o, read)
}

func parse(files, beside, values []File, o template.Options, read func(string) ([]byte, error)) (t *template.Template, err error) {
	m := &module{
		options:   o,
		read:      read,
		data:      make(map[string][]byte),
		variables: make(map[string]*hclsyntax.Block),
		given:     make(map[string]hclsyntax.Expression),
		used:      make(map[string]bool),
		locals:    make(map[string]*hclsyntax.Attribute),
		resources: make(map[string]*declaration),
		memo:      make(map[string]*template.Node),
		sets:      make(map[*template.Node]bool),
	}
	if len(files) == 0 {
		return nil, &template.Error{Msg: "no .tf files"}
	}
	// The files are foreign and so is their reader: should that break, it is their error.
	defer func() {
		if r := recover(); r != nil {
			t, err = nil, errorf(template.Pos{File: files[0].Name}, "can't be read as Terraform (%v)", r)
		}
	}()
	for _, f := range values {
		body, err := m.parseFile(f)
		if err != nil {
			return nil, err
		}
		for name, a := range body.Attributes {
			m.given[name] = a.Expr
		}
	}
	for i, f := range append(append([]File(nil), files...), beside...) {
		body, err := m.parseFile(f)
		if err != nil {
			return nil, err
		}
		if err := m.declare(body, i < len(files)); err != nil {
			return nil, err
		}
	}
	return m.template(files[0].Name)
}

// parseFile is the syntax of one file.
func (m *module) parseFile(f File) (*hclsyntax.Body, error) {
	whole := template.Pos{File: f.Name}
	if len(f.Data) > maxFile {
		return nil, errorf(whole, "larger than %d MB", maxFile>>20)
	}
	m.data[f.Name] = f.Data
	tokens, _ := hclsyntax.LexConfig(f.Data, f.Name, hcl.InitialPos)
	if err := m.checkNesting(tokens); err != nil {
		return nil, err
	}
	for i := 2; i < len(tokens); i++ {
		if tokens[i].Type == hclsyntax.TokenIdent && tokens[i-1].Type == hclsyntax.TokenDot && string(tokens[i-2].Bytes) == "var" {
			m.used[string(tokens[i].Bytes)] = true
		}
	}
	file, diags := hclsyntax.ParseConfig(f.Data, f.Name, hcl.InitialPos)
	if err := m.diagnosed(diags, whole); err != nil {
		return nil, err
	}
	return file.Body.(*hclsyntax.Body), nil
}

// diagnosed is the first error of hcl's, in a sentence.
func (m *module) diagnosed(diags hcl.Diagnostics, at template.Pos) error {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		if d.Subject != nil {
			at = m.pos(*d.Subject)
		}
		msg := d.Summary
		if d.Detail != "" {
			msg += ": " + strings.Join(strings.Fields(d.Detail), " ")
		}
		return errorf(at, "%s", strings.TrimSuffix(msg, "."))
	}
	return nil
}

// checkNesting refuses a file that would lead the parser, which knows no bound, too deep.
func (m *module) checkNesting(tokens hclsyntax.Tokens) error {
	depth, unary, ternary := 0, 0, 0
	for _, tok := range tokens {
		switch tok.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenTemplateControl:
			depth++
			ternary++
		case hclsyntax.TokenQuestion:
			ternary++
		}
		if tok.Type == hclsyntax.TokenBang || tok.Type == hclsyntax.TokenMinus {
			unary++
		} else {
			unary = 0
		}
		if depth > maxNesting || unary > maxNesting {
			return errorf(m.pos(tok.Range), "nested deeper than %d", maxNesting)
		}
		if ternary > maxTernary {
			return errorf(m.pos(tok.Range), "more than %d conditionals", maxTernary)
		}
	}
	return nil
}

// pos is where a range begins, its column in characters.
func (m *module) pos(r hcl.Range) template.Pos {
	p := template.Pos{File: r.Filename, Line: r.Start.Line, Col: r.Start.Column}
	if data := m.data[r.Filename]; 0 <= r.Start.Byte && r.Start.Byte <= len(data) {
		before := data[:r.Start.Byte]
		before = before[bytes.LastIndexByte(before, '\n')+1:]
		p.Col = 1 + utf8.RuneCount(before)
		if p.Line == 1 && bytes.HasPrefix(before, []byte("\xEF\xBB\xBF")) {
			p.Col--
		}
	}
	return p
}
