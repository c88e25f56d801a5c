package terraform

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/internal/template"
)

// shown writes a value without places.
func shown(n *template.Node) string {
	switch {
	case n == nil:
		return "absent"
	case n.Kind == template.Unresolved:
		return "? " + n.Err.Error()
	case n.Kind == template.List:
		var b []string
		for _, item := range n.Items {
			b = append(b, shown(item))
		}
		return "[" + strings.Join(b, ", ") + "]"
	case n.Kind == template.Map:
		var b []string
		for _, m := range n.Members {
			b = append(b, m.Key+": "+shown(m.Value))
		}
		return "{" + strings.Join(b, ", ") + "}"
	case n.Kind == template.Null:
		return "null"
	}
	return n.Text
}

func walk(n *template.Node, f func(*template.Node)) {
	if n == nil {
		return
	}
	f(n)
	for _, item := range n.Items {
		walk(item, f)
	}
	for _, m := range n.Members {
		walk(m.Value, f)
	}
}

const declarations = `
variable "stage" { default = "dev" }
variable "size" {
  type    = number
  default = "64"
}
variable "columns" {
  type = list(object({ name = string, type = optional(string, "string"), comment = optional(string) }))
  default = [{ name = "id", type = "bigint" }, { name = "at" }]
}
variable "names" {
  type    = set(string)
  default = ["b", "a", "b"]
}
locals {
  prefix = "${var.stage}-x"
  tags   = { a = 1, "b-c" = "two" }
  list   = ["p", "q", "r"]
  nested = { x = [{ y = "z" }] }
  none   = null
  text   = <<-EOT
    one ${var.stage}
      two
  EOT
}
`

// Expressions whose values Terraform gives too: TestTerraformAgrees compares.
var expressions = []struct{ in, want string }{
	{`"plain"`, "plain"},
	{`1.50`, "1.5"},
	{`12345678901234567890`, "12345678901234567890"},
	{`-3`, "-3"},
	{`true && !false`, "true"},
	{`null`, "null"},
	{`[1, "a", true]`, "[1, a, true]"},
	{`{ a = 1, "b" = 2, (local.prefix) = 3 }`, "{a: 1, b: 2, dev-x: 3}"},
	{`var.stage`, "dev"},
	{`var.size + 1`, "65"},
	{`var.columns`, "[{name: id, type: bigint, comment: null}, {name: at, type: string, comment: null}]"},
	{`var.columns[1].type`, "string"},
	{`var.columns[*].name`, "[id, at]"},
	{`var.columns.*.name`, "[id, at]"},
	{`local.none[*]`, "[]"},
	{`local.prefix[*]`, "[dev-x]"},
	{`local.nested.x[0].y`, "z"},
	{`local.nested["x"][0]["y"]`, "z"},
	{`local.tags["b-c"]`, "two"},
	{`local.text`, "one dev\n  two\n"},
	{`"a${var.stage}b${1}${true}"`, "adevb1true"},
	{`"$${var.stage} %%{if}"`, "${var.stage} %{if}"},
	{`"%{ if var.stage == "dev" }yes%{ else }no%{ endif }"`, "yes"},
	{`"%{ for c in var.columns }${c.name},%{ endfor }"`, "id,at,"},
	{`var.stage == "prod" ? "big" : "small"`, "small"},
	{`1 + 2 * 3 - 4 / 2 % 3`, "5"},
	{`1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3 && 1 != 2`, "true"},
	{`"1" == 1`, "false"},
	{`local.list == ["p", "q", "r"]`, "true"},
	{`[for s in local.list : upper(s)]`, "[P, Q, R]"},
	{`[for i, s in local.list : "${i}${s}" if s != "q"]`, "[0p, 2r]"},
	{`{ for c in var.columns : c.name => c.type }`, "{at: string, id: bigint}"},
	{`{ for k, v in local.tags : v => k... }`, "{1: [a], two: [b-c]}"},
	{`[for k, v in local.tags : k]`, "[a, b-c]"},
	{`[for n in var.names : n]`, "[a, b]"},
	{`merge(local.tags, { a = 9, d = local.list }, null)`, "{a: 9, b-c: two, d: [p, q, r]}"},
	{`concat(local.list, ["s"], [])`, "[p, q, r, s]"},
	{`flatten([local.list, [["s"], []]])`, "[p, q, r, s]"},
	{`lookup({ a = "1" }, "a", "x")`, "1"},
	{`lookup({ a = "1" }, "z", "x")`, "x"},
	{`element(local.list, 4)`, "q"},
	{`coalesce(null, "", "x", "y")`, "x"},
	{`coalescelist([], ["x"])`, "[x]"},
	{`compact(["a", "", null, "b"])`, "[a, b]"},
	{`distinct(["a", "b", "a"])`, "[a, b]"},
	{`toset(["b", "a", "b"])`, "[a, b]"},
	{`tolist(var.names)`, "[a, b]"},
	{`tomap({ a = "b" })`, "{a: b}"},
	{`tostring(5)`, "5"},
	{`tonumber("5.0")`, "5"},
	{`tobool("true")`, "true"},
	{`try(local.nested.q, local.list[9], "fallback")`, "fallback"},
	{`can(local.nested.q)`, "false"},
	{`can(local.nested.x)`, "true"},
	{`one(["x"])`, "x"},
	{`one([])`, "null"},
	{`keys(local.tags)`, "[a, b-c]"},
	{`values({ b = 1, a = 2 })`, "[2, 1]"},
	{`zipmap(["a", "b"], [1, 2])`, "{a: 1, b: 2}"},
	{`reverse(local.list)`, "[r, q, p]"},
	{`slice(local.list, 1, 3)`, "[q, r]"},
	{`length("héllo") + length(local.list) + length(local.tags)`, "10"},
	{`alltrue([true, true])`, "true"},
	{`anytrue([false, false])`, "false"},
	{`sum([1, 2, 3.5])`, "6.5"},
	{`contains(local.list, "q")`, "true"},
	{`index(local.list, "q")`, "1"},
	{`join("-", local.list)`, "p-q-r"},
	{`join("-", var.names)`, "a-b"},
	{`split(",", "a,b")`, "[a, b]"},
	{`format("%s-%03d %q", "a", 7, "b")`, `a-007 "b"`},
	{`formatlist("%s!", local.list)`, "[p!, q!, r!]"},
	{`max([1, 5, 3]...)`, "5"},
	{`range(1, 4)`, "[1, 2, 3]"},
	{`sort(["b", "a"])`, "[a, b]"},
	{`replace("a-b-c", "-", "/")`, "a/b/c"},
	{`replace("a1b22", "/[0-9]+/", "#")`, "a#b#"},
	{`regex("[a-z]+", "12ab")`, "ab"},
	{`trimprefix("aws/x", "aws/")`, "x"},
	{`trimspace("  x ")`, "x"},
	{`substr("hello", 1, 3)`, "ell"},
	{`title("ab cd")`, "Ab Cd"},
	{`startswith("abc", "ab")`, "true"},
	{`endswith("abc", "bc")`, "true"},
	{`strcontains("abc", "x")`, "false"},
	{`base64encode("hé")`, "aMOp"},
	{`base64decode("aMOp")`, "hé"},
	{`md5("a")`, "0cc175b9c0f1b6a831c399e269772661"},
	{`sha1("a")`, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"},
	{`sha256("a")`, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},
	{`urlencode("a b/c")`, "a+b%2Fc"},
	{`basename("a/b.c")`, "b.c"},
	{`dirname("a/b.c")`, "a"},
	{`jsonencode({ b = [1, null, true], a = "<x>" })`, `{"a":"\u003cx\u003e","b":[1,null,true]}`},
	{`jsondecode("{\"a\": [1, {\"b\": null}]}").a[1]`, "{b: null}"},
	{`yamldecode("a: [1, x]")["a"]`, "[1, x]"},
	{`setunion(["a"], ["b"])`, "[a, b]"},
	{`setproduct(["a", "b"], ["x"])`, "[[a, x], [b, x]]"},
	{`chunklist(local.list, 2)`, "[[p, q], [r]]"},
	{`abs(-3) + ceil(1.2) + floor(1.8) + signum(-2) + pow(2, 3)`, "13"},
	{`parseint("ff", 16)`, "255"},
	{`formatdate("YYYY-MM-DD", "2024-02-03T04:05:06Z")`, "2024-02-03"},
	{`nonsensitive("x")`, "x"},
	{`terraform.workspace`, "default"},
	{`path.module`, "."},
}

func config(text string) []File { return []File{{"main.tf", []byte(text)}} }

// outputs evaluates expressions as the outputs o0, o1...
func outputs(t *testing.T, head string, in []string, o template.Options) *template.Node {
	t.Helper()
	var b strings.Builder
	b.WriteString(head)
	for i, x := range in {
		fmt.Fprintf(&b, "output \"o%d\" {\n  value = %s\n}\n", i, x)
	}
	tmpl, err := Parse(config(b.String()), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl.Outputs
}

func TestExpressions(t *testing.T) {
	var in []string
	for _, tt := range expressions {
		in = append(in, tt.in)
	}
	out := outputs(t, declarations, in, template.Options{})
	for i, tt := range expressions {
		got := out.Get(fmt.Sprintf("o%d", i), "value")
		// The order of a map's members is the document's, Terraform's is by key.
		if s := shown(got); s != tt.want && shown(sorted(got)) != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.in, s, tt.want)
		}
	}
}

func sorted(n *template.Node) *template.Node {
	out := *n
	out.Members = nil
	for _, k := range sortedKeys(func() map[string]bool {
		m := map[string]bool{}
		for _, e := range n.Members {
			m[e.Key] = true
		}
		return m
	}()) {
		out.Members = append(out.Members, template.Member{Key: k, Value: n.Get(k)})
	}
	return &out
}

// Terraform itself gives the same values, where it is installed.
func TestTerraformAgrees(t *testing.T) {
	if testing.Short() {
		t.Skip("terraform is not run in short mode")
	}
	binary, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform not on the path: expressions not compared with its own")
	}
	var b strings.Builder
	b.WriteString(declarations)
	for i, tt := range expressions {
		if tt.in == "null" {
			tt.in = `"null"` // it doesn't show null outputs
		}
		fmt.Fprintf(&b, "output \"o%d\" {\n  value = [%s]\n}\n", i, tt.in)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []byte {
		cmd := exec.Command(binary, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
		out, err := cmd.Output()
		if err != nil {
			if ee, ok := err.(*exec.ExitError); ok {
				out = append(out, ee.Stderr...)
			}
			t.Skipf("terraform %s: %v\n%s", args[0], err, out)
		}
		return out
	}
	run("plan", "-out", "plan", "-input=false", "-no-color")
	var plan struct {
		Planned struct {
			Outputs map[string]struct{ Value []any }
		} `json:"planned_values"`
	}
	if err := json.Unmarshal(run("show", "-json", "plan"), &plan); err != nil {
		t.Fatal(err)
	}
	var in []string
	for _, tt := range expressions {
		in = append(in, tt.in)
	}
	out := outputs(t, declarations, in, template.Options{})
	for i, tt := range expressions {
		text, err := out.Get(fmt.Sprintf("o%d", i), "value").AppendJSON(nil)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		var got any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if tt.in == "null" {
			got = "null"
		}
		if want := plan.Planned.Outputs[fmt.Sprintf("o%d", i)].Value; len(want) != 1 || !reflect.DeepEqual(got, want[0]) {
			t.Errorf("%s = %s, for Terraform %v", tt.in, text, want)
		}
	}
}

func TestUnresolved(t *testing.T) {
	head := `variable "missing" {}
resource "aws_s3_bucket" "b" { bucket = var.missing }
locals {
  round = local.about
  about = "${local.round}x"
}
resource "aws_s3_bucket" "none" { count = 0 }
resource "aws_s3_bucket" "maybe" { count = var.missing }
`
	tests := []struct{ in, want string }{
		{`var.missing`, "? :11: unresolved variable missing: it has no default; give it with --parameter missing=VALUE"},
		{`"a${var.missing}b"`, "? :15: unresolved variable missing: it has no default; give it with --parameter missing=VALUE"},
		{`upper(var.missing)`, "? :17: unresolved variable missing: it has no default; give it with --parameter missing=VALUE"},
		{`true ? "x" : var.missing`, "x"},
		{`true || var.missing`, "true"},
		{`[1, var.missing][0]`, "1"},
		{`merge({ a = var.missing }, { b = 1 }).b`, "1"},
		{`try(var.missing, "x")`, "? :15: unresolved variable missing: it has no default; give it with --parameter missing=VALUE"},
		{`var.other`, "? :11: unresolved variable other: it is not declared; give it with --parameter other=VALUE"},
		{`local.other`, "? :11: unresolved local other: it is not declared"},
		{`aws_s3_bucket.other.arn`, "? :11: unresolved reference aws_s3_bucket.other: it is not declared"},
		{`aws_s3_bucket.b.arn`, "? main.tf:2:41: unresolved variable missing: it has no default; give it with --parameter missing=VALUE"},
		{`aws_s3_bucket.none[0].arn`, "? :11: unresolved reference aws_s3_bucket.none[0]: there is no such instance"},
		{`aws_s3_bucket.none[*].arn`, "[]"},
		{`aws_s3_bucket.maybe[0].arn`, "? main.tf:8:44: unresolved variable missing: it has no default; give it with --parameter missing=VALUE"},
		{`module.x.y`, "? :11: unresolved module x: modules are not followed in .tf files; give the JSON of terraform show"},
		{`local.round`, "? main.tf:5:14: circular reference: local.round → local.about → local.round"},
		{`timestamp()`, "? :11: unresolved: timestamp() has another value each time"},
		{`nonsense(1)`, "? :11: unresolved: the function nonsense is not evaluated here"},
		{`{ a = 1 }.b`, `? :11: no "b" in the map (of line %d)`},
		{`[1][2]`, "? :11: index 2 of a list of 1"},
		{`"x".y`, "? :11: string where a list or a map is wanted"},
		{`"x" + 1`, "? :11: operator: a number is required"},
		{`upper(1, 2)`, "? :11: upper wants 1 arguments and has 2"},
		{`file("x")`, `? :11: unresolved: the file "x" is not read`},
		{`format("%2000000000d", 1)`, "evaluates to too much"},
		{`1 / 0`, "? :11: an infinite number"},
		{`each.key`, "? :11: unresolved reference each.key"},
		{`var`, "? :11: unresolved reference var"},
		{`{ (var.missing) = 1 }`, "? :14: unresolved variable missing: it has no default; give it with --parameter missing=VALUE"},
		{`{ for s in ["a", "a"] : s => 1 }`, `? :11: the key "a" comes out twice`},
	}
	for _, tt := range tests {
		tmpl, err := Parse(config(head+"output \"o\" {\n  value = "+tt.in+"\n}\n"), template.Options{}, nil)
		if err != nil {
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %s", tt.in, err, tt.want)
			}
			continue
		}
		line := strings.Count(head, "\n") + 2
		got := strings.ReplaceAll(shown(tmpl.Outputs.Get("o", "value")), fmt.Sprintf("main.tf:%d:", line), ":")
		want := strings.ReplaceAll(tt.want, "%d", fmt.Sprint(line))
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", tt.in, got, want)
		}
	}
}

const stream = `
provider "aws" {
  region = var.region
}
variable "region" { default = "eu-west-1" }
variable "lambda" {
  type    = bool
  default = true
}
locals {
  parameters = { LambdaArn = "${aws_lambda_function.fn.arn}:$LATEST", NumberOfRetries = "2" }
  types      = { id = "bigint", at = "timestamp" }
}
data "aws_caller_identity" "me" {}
data "aws_kinesis_stream" "in" { name = "clicks" }
resource "aws_s3_bucket" "Logs" {}
resource "aws_s3_bucket" "named" { bucket = "logs-${data.aws_caller_identity.me.account_id}" }
resource "aws_s3_bucket" "many" {
  count  = 2
  bucket = "many-${count.index}"
}
resource "aws_s3_bucket" "each" {
  for_each = toset(["x", "y"])
  bucket_prefix = "${each.key}-"
}
resource "aws_iam_role" "role" {
  path = "/service/"
  tags = { fn = aws_lambda_function.fn.arn }
}
resource "aws_lambda_function" "fn" {
  function_name = "transform"
  role          = aws_iam_role.role.arn
  lifecycle { ignore_changes = [role] }
}
resource "aws_kinesis_firehose_delivery_stream" "s" {
  name        = "s"
  destination = "extended_s3"
  extended_s3_configuration {
    bucket_arn         = aws_s3_bucket.Logs.arn
    role_arn           = aws_iam_role.role.arn
    buffering_interval = 60
    dynamic "processing_configuration" {
      for_each = var.lambda ? [1] : []
      content {
        enabled = true
        processors {
          type = "Lambda"
          dynamic "parameters" {
            for_each = local.parameters
            iterator = p
            content {
              parameter_name  = p.key
              parameter_value = p.value
            }
          }
        }
      }
    }
  }
  depends_on = [aws_iam_role.role]
}
resource "aws_glue_catalog_database" "db" { name = "lake" }
resource "aws_glue_catalog_table" "t" {
  name          = "Events"
  database_name = aws_glue_catalog_database.db.name
  storage_descriptor {
    dynamic "columns" {
      for_each = local.types
      content {
        name = columns.key
        type = columns.value
      }
    }
  }
}
output "arns" {
  value = [
    aws_s3_bucket.named.arn, aws_s3_bucket.many[1].arn, aws_s3_bucket.many[*].bucket, aws_s3_bucket.each["x"].id,
    [for b in aws_s3_bucket.each : b.arn], data.aws_kinesis_stream.in.arn, aws_kinesis_firehose_delivery_stream.s.arn,
    aws_glue_catalog_table.t.arn, aws_iam_role.role.name, aws_s3_bucket.Logs.bucket_regional_domain_name,
    aws_iam_role.role.unique_id,
  ]
}
`

func TestResources(t *testing.T) {
	tmpl, err := Parse(config(stream), template.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := tmpl.Resource("aws_kinesis_firehose_delivery_stream.s")
	want := "{name: s, destination: extended_s3, extended_s3_configuration: [{bucket_arn: arn:aws:s3:::logs, role_arn: arn:aws:iam::123456789012:role/service/role, buffering_interval: 60, " +
		"processing_configuration: [{enabled: true, processors: [{type: Lambda, parameters: [{parameter_name: LambdaArn, parameter_value: arn:aws:lambda:eu-west-1:123456789012:function:transform:$LATEST}, " +
		"{parameter_name: NumberOfRetries, parameter_value: 2}]}]}]}]}"
	if got := shown(s.Properties); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	if s.Pos.String() != "main.tf:35:49" || s.TypePos.String() != "main.tf:35:10" {
		t.Errorf("the stream is at %s, its type at %s", s.Pos, s.TypePos)
	}
	columns := tmpl.Resource("aws_glue_catalog_table.t").Properties.Get("storage_descriptor").Items[0].Get("columns")
	if got := shown(columns); got != "[{name: at, type: timestamp}, {name: id, type: bigint}]" {
		t.Errorf("columns are %s", got)
	}
	// Through a local and a dynamic block, a column's type is where it is written.
	if p := columns.Items[1].Get("type").Pos; p.String() != "main.tf:12:23" {
		t.Errorf("a column's type is at %s", p)
	}
	want = "[arn:aws:s3:::logs-123456789012, arn:aws:s3:::many-1, [many-0, many-1], x-each-x, [arn:aws:s3:::x-each-x, arn:aws:s3:::y-each-y], " +
		"arn:aws:kinesis:eu-west-1:123456789012:stream/clicks, arn:aws:firehose:eu-west-1:123456789012:deliverystream/s, " +
		"arn:aws:glue:eu-west-1:123456789012:table/lake/Events, role, logs.s3.eu-west-1.amazonaws.com, " +
		"? main.tf:81:5: unresolved attribute aws_iam_role.role.unique_id: only the provider knows it]"
	if got := shown(tmpl.Outputs.Get("arns", "value")); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	if got := shown(tmpl.Resource("aws_lambda_function.fn").Properties); got != "{function_name: transform, role: arn:aws:iam::123456789012:role/service/role}" {
		t.Error(got)
	}
	var ids []string
	for _, r := range tmpl.OfType("aws_s3_bucket") {
		ids = append(ids, r.LogicalID+"="+shown(r.Name))
	}
	if got, want := strings.Join(ids, " "), `aws_s3_bucket.Logs=logs aws_s3_bucket.named=logs-123456789012 aws_s3_bucket.many[0]=many-0 aws_s3_bucket.many[1]=many-1 aws_s3_bucket.each["x"]=x-each-x aws_s3_bucket.each["y"]=y-each-y`; got != want {
		t.Errorf("buckets are %s", got)
	}
	if fn := tmpl.ByARN("arn:aws:lambda:eu-west-1:123456789012:function:transform:$LATEST"); fn == nil || fn.LogicalID != "aws_lambda_function.fn" {
		t.Errorf("the function is %v", fn)
	}

	tmpl, err = Parse(config(stream), template.Options{Region: "us-west-2", Parameters: map[string]string{"lambda": "false"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s = tmpl.Resource("aws_kinesis_firehose_delivery_stream.s")
	if c := s.Properties.Get("extended_s3_configuration").Items[0]; c.Get("processing_configuration") != nil || shown(s.ARN) != "arn:aws:firehose:us-west-2:123456789012:deliverystream/s" {
		t.Errorf("%s with %s", shown(s.ARN), shown(c))
	}
}

func TestVariables(t *testing.T) {
	for _, tt := range []struct{ variable, given, want string }{
		{`{}`, "x", "x"},
		{`{ type = string }`, "[1]", "[1]"},
		{`{ type = number }`, "7", "7"},
		{`{ type = number }`, "seven", `? main.tf:3:11: unresolved reference seven`},
		{`{ type = number }`, `"seven"`, `? main.tf:3:11: "seven" is not a number`},
		{`{ type = list(string) }`, `["a", 1]`, "[a, 1]"},
		{`{ type = map(number) }`, `{ a = "1" }`, "{a: 1}"},
		{"{\n default = [{}]\n type = list(object({ a = optional(number, 5) }))\n}", "", "[{a: 5}]"},
		{"{\n default = [{}]\n type = list(object({ a = number }))\n}", "", `[? main.tf:2:13: the object lacks "a"]`},
		{"{\n default = \"x\"\n type = bool\n}", "", `? main.tf:2:12: "x" is neither true nor false`},
		{"{\n default = 5\n validation {\n condition = var.v < 5\n error_message = \"too much\"\n }\n}", "", `main.tf:2:12: variable v: too much`},
		{"{\n validation {\n condition = var.v != \"x\"\n error_message = \"no x\"\n }\n}", "x", `main.tf:1:10: variable v: no x`},
		{"{\n default = {}\n type = list(string)\n}", "", "? main.tf:2:12: map where a list is wanted"},
	} {
		o := template.Options{}
		if tt.given != "" {
			o.Parameters = map[string]string{"v": tt.given}
		}
		tmpl, err := Parse(config(`variable "v" `+tt.variable+"\noutput \"o\" {\n  value = var.v\n}\n"), o, nil)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = shown(tmpl.Outputs.Get("o", "value"))
		}
		if got != tt.want {
			t.Errorf("%s given %q: %s, want %s", tt.variable, tt.given, got, tt.want)
		}
	}
	tmpl, err := Parse(config("output \"o\" {\n  value = \"${var.undeclared}!\"\n}\n"), template.Options{Parameters: map[string]string{"undeclared": "x"}}, nil)
	if err != nil || shown(tmpl.Outputs.Get("o", "value")) != "x!" {
		t.Errorf("variable that is used and not declared: %v", err)
	}
	_, err = Parse(config("\n"), template.Options{Parameters: map[string]string{"v": ""}}, nil)
	if err == nil || err.Error() != `main.tf: no variable "v" in the configuration` {
		t.Errorf("variable that is not declared: %v", err)
	}
}

func TestErrors(t *testing.T) {
	chain := "x"
	for range 3000 {
		chain += "[0]"
	}
	for _, tt := range []struct{ name, in, want string }{
		{"syntax", "resource \"a\" \"b\" {\n  x = \n}\n", "main.tf:2:7: Invalid expression: Expected the start of an expression, but found an invalid expression token"},
		{"unclosed block", "resource \"a\" \"b\" {\n  x = 1\n", "main.tf:1:18: Unclosed configuration block"},
		{"argument twice", "locals {\n  é = 1\n  é = 2\n}\n", "main.tf:3:3: Attribute redefined"},
		{"local twice", "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}\n", "main.tf:5:3: local a is declared twice"},
		{"resource twice", "resource \"a\" \"b\" {}\nresource \"a\" \"b\" {}\n", "main.tf:2:14: a.b is declared twice"},
		{"variable twice", "variable \"b\" {}\nvariable \"b\" {}\n", "main.tf:2:10: variable b is declared twice"},
		{"no labels", "resource {}\n", "main.tf:1:1: a resource wants a type and a name"},
		{"brackets", "locals {\n x = " + strings.Repeat("[", 100000) + "\n}\n", "main.tf:2:205: nested deeper than 200"},
		{"parentheses", "locals {\n x = " + strings.Repeat("(", 100000) + "\n}\n", "main.tf:2:205: nested deeper than 200"},
		{"blocks", strings.Repeat("a {\n", 10000), "main.tf:201:3: nested deeper than 200"},
		{"templates", "locals {\n x = " + strings.Repeat(`"${`, 10000) + "\n}\n", "main.tf:2:"},
		{"negations", "locals {\n x = " + strings.Repeat("!", 100000) + "true\n}\n", "main.tf:2:206: nested deeper than 200"},
		{"conditionals", "locals {\n x = " + strings.Repeat("a?b:", 100000) + "c\n}\n", "main.tf:2:20007: more than 5000 conditionals"},
		{"no UTF-8", "a = \"\xff\"\n", "main.tf:1:"},
		{"product", "locals {\n l = range(1000)\n x = setproduct(local.l, local.l, local.l)\n}\noutput \"o\" { value = local.x }\n", "main.tf:3:6: evaluates to too much"},
		{"doubling", "locals {\n a0 = \"xxxxxxxxxxxxxxxx\"\n" + doubling(30) + "}\noutput \"o\" { value = local.a30 }\n", "main.tf:"},
	} {
		_, err := Parse(config(tt.in), template.Options{}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	tmpl, err := Parse(config("locals {\n x = [1]\n}\noutput \"o\" { value = local."+chain+" }\n"), template.Options{}, nil)
	if err != nil || tmpl.Outputs.Get("o", "value").Kind != template.Unresolved {
		t.Errorf("a long chain of indexes: %v", err)
	}
	plus := "1" + strings.Repeat(" + 1", 5000)
	tmpl, err = Parse(config("output \"o\" { value = "+plus+" }\n"), template.Options{}, nil)
	if err != nil || !strings.Contains(shown(tmpl.Outputs.Get("o", "value")), "nested deeper") {
		t.Errorf("a long chain of sums: %v", err)
	}
}

func doubling(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, " a%d = \"${local.a%d}${local.a%[2]d}\"\n", i, i-1)
	}
	return b.String()
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.tf": "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"${var.name}-${local.suffix}\"\n}\n" +
			"resource \"aws_glue_catalog_table\" \"t\" {\n  columns = jsondecode(file(\"${path.module}/columns.json\"))\n  text = templatefile(\"greet.tftpl\", { who = var.name })\n  gone = file(\"gone\")\n}\n",
		"variables.tf":       "variable \"name\" {}\nvariable \"more\" {}\nlocals {\n  suffix = aws_sns_topic.n.name\n}\n",
		"other.tf":           "resource \"aws_sns_topic\" \"n\" {}\n",
		"terraform.tfvars":   "name = \"from-tfvars\"\nmore = 1\n",
		"more.auto.tfvars":   "more = 2\n",
		"columns.json":       "[\n  {\"name\": \"id\"}\n]\n",
		"greet.tftpl":        "hello ${who}%{ if true }!%{ endif }",
		"ignored.tf.example": "{{{",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	main := filepath.Join(dir, "main.tf")
	tmpl, err := Load(main, template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(tmpl.Resources) != 2 {
		t.Errorf("%d resources", len(tmpl.Resources))
	}
	p := tmpl.Resource("aws_s3_bucket.b").Properties
	if got := shown(p); got != "{bucket: from-tfvars-n}" {
		t.Error(got)
	}
	table := tmpl.Resource("aws_glue_catalog_table.t").Properties
	name := table.Get("columns").Items[0].Get("name")
	if name.Text != "id" || name.Pos.String() != "./columns.json:2:12" {
		t.Errorf("column %s at %s", shown(name), name.Pos)
	}
	if got := shown(table.Get("text")); got != "hello from-tfvars!" {
		t.Error(got)
	}
	if got := shown(table.Get("gone")); got != "? "+main+":7:10: unresolved file: gone: no such file or directory" {
		t.Error(got)
	}
	tmpl, err = Load(dir, template.Options{Parameters: map[string]string{"name": "given"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(tmpl.Resource("aws_s3_bucket.b").Properties.Get("bucket")); got != "given-n" || len(tmpl.Resources) != 3 {
		t.Errorf("%s, %d resources", got, len(tmpl.Resources))
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "absent.tf"):    "no such file or directory",
		filepath.Join(dir, "columns.json"): "no JSON of terraform show",
		t.TempDir():                        "no .tf files",
	} {
		if _, err := Load(path, template.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%s): %v, want %s", path, err, want)
		}
	}
}

const state = `{
  "format_version": "1.0",
  "values": {
    "root_module": {
      "resources": [
        {"address": "data.aws_region.r", "mode": "data", "type": "aws_region", "name": "r", "values": {"name": "x"}},
        {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b",
         "values": {"bucket": "real", "arn": "arn:aws:s3:::real"}}
      ],
      "child_modules": [{"address": "module.m", "resources": [
        {"address": "module.m.aws_glue_catalog_table.t[0]", "mode": "managed", "type": "aws_glue_catalog_table", "name": "t", "index": 0,
         "values": {"name": "events", "storage_descriptor": [{"columns": [{"name": "id", "type": "bigint"}]}]}}]}]
    }
  }
}`

const plan = `{
  "format_version": "1.2",
  "planned_values": {"root_module": {"resources": [
    {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b", "values": {"bucket": "real"}},
    {"address": "aws_lambda_function.fn", "mode": "managed", "type": "aws_lambda_function", "name": "fn", "values": {"function_name": "f"}},
    {"address": "aws_kinesis_firehose_delivery_stream.s", "mode": "managed", "type": "aws_kinesis_firehose_delivery_stream", "name": "s",
     "values": {"name": "s", "tags": null, "extended_s3_configuration": [{"buffering_size": 5, "processing_configuration": [{"processors": [{"parameters": [{"parameter_name": "LambdaArn"}]}]}]}]}}
  ]}},
  "resource_changes": [
    {"address": "aws_kinesis_firehose_delivery_stream.s", "change": {"after_unknown": {"arn": true, "extended_s3_configuration": [{"bucket_arn": true, "role_arn": true, "prefix": true, "processing_configuration": [{"processors": [{"parameters": [{"parameter_value": true}]}]}]}]}}}
  ],
  "configuration": {"root_module": {"resources": [
    {"address": "aws_kinesis_firehose_delivery_stream.s", "expressions": {"extended_s3_configuration": [{
      "bucket_arn": {"references": ["aws_s3_bucket.b.arn", "aws_s3_bucket.b"]},
      "role_arn": {"references": ["aws_iam_role.x.arn", "aws_iam_role.x"]},
      "prefix": {"references": ["aws_s3_bucket.b.arn", "aws_s3_bucket.b", "aws_lambda_function.fn.arn"]},
      "processing_configuration": [{"processors": [{"parameters": [{"parameter_value": {"references": ["aws_lambda_function.fn.arn", "aws_lambda_function.fn"]}}]}]}]
    }]}}
  ]}}
}`

func TestParseShow(t *testing.T) {
	load := func(text string) *template.Template {
		t.Helper()
		doc, err := template.ParseJSON("show.json", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		tmpl, err := ParseShow(doc, template.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return tmpl
	}
	tmpl := load(state)
	if len(tmpl.Resources) != 2 {
		t.Errorf("%d resources", len(tmpl.Resources))
	}
	table := tmpl.Resource("module.m.aws_glue_catalog_table.t")
	name := table.Properties.Get("storage_descriptor").Items[0].Get("columns").Items[0].Get("name")
	if name.Text != "id" || name.Pos.Line != 12 || table.Pos.Line != 11 || table.Name.Text != "events" {
		t.Errorf("%s at %s, table %s at %s", shown(name), name.Pos, shown(table.Name), table.Pos)
	}
	if got := shown(tmpl.ByARN("arn:aws:s3:::real").Name); got != "real" {
		t.Error(got)
	}

	tmpl = load(plan)
	got := shown(tmpl.Resource("aws_kinesis_firehose_delivery_stream.s").Properties)
	want := "{name: s, tags: null, extended_s3_configuration: [{buffering_size: 5, processing_configuration: [{processors: [{parameters: [{parameter_name: LambdaArn, parameter_value: arn:aws:lambda:us-east-1:123456789012:function:f}]}]}], " +
		"bucket_arn: arn:aws:s3:::real, role_arn: ? show.json:10:164: unresolved: the value is known after apply only, prefix: ? show.json:10:180: unresolved: the value is known after apply only}], " +
		"arn: ? show.json:10:95: unresolved: the value is known after apply only}"
	if got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}

	for _, tt := range []struct{ in, want string }{
		{`{}`, "t.json:1:1: no JSON of terraform show: it has neither values nor planned_values"},
		{`{"format_version": "1", "values": {"root_module": {"resources": [1]}}}`, "t.json:1:66: number where a resource is wanted"},
		{`{"format_version": "1", "values": {"root_module": {"resources": [{}]}}}`, "t.json:1:66: a resource without an address and a type"},
		{`{"format_version": "1", "values": {"root_module": {"resources": [{"address": [], "type": "x"}]}}}`, "t.json:1:78: list where a string is wanted"},
		{`{"format_version": "1", "values": {"root_module": {"resources": [{"address": "a", "type": "x", "values": []}]}}}`, "t.json:1:106: values of a: list where a map is wanted"},
	} {
		doc, err := template.ParseJSON("t.json", []byte(tt.in))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseShow(doc, template.Options{}); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.in, err, tt.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, tt := range []struct{ in, unindexed, prefix string }{
		{"aws_x.y", "aws_x.y", ""},
		{"aws_x.y[0]", "aws_x.y", ""},
		{`module.a["k]"].module.b[1].aws_x.y["z"]`, "module.a.module.b.aws_x.y", "module.a.module.b."},
		{`module.a["open`, "module.a", ""},
		{"module.a", "module.a", ""},
		{"", "", ""},
	} {
		if got := unindexed(tt.in); got != tt.unindexed {
			t.Errorf("unindexed(%s) = %s", tt.in, got)
		}
		if got := modulePrefix(tt.in); got != tt.prefix {
			t.Errorf("modulePrefix(%s) = %s", tt.in, got)
		}
	}
}

// Every .tf file of the corpus loads.
func TestCorpus(t *testing.T) {
	dir := "../../../../shared/corpus"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("../shared not present: the corpus of .tf files not read")
	}
	var files []string
	for _, pattern := range []string{"firehose-templates/*.tf", "glue-schemas/*/*.tf"} {
		all, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, all...)
	}
	resources, tables, columns := 0, 0, 0
	for _, path := range files {
		tmpl, err := Load(path, template.Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		resources += len(tmpl.Resources)
		for _, r := range tmpl.OfType("aws_glue_catalog_table") {
			tables++
			for _, c := range r.Properties.Get("storage_descriptor").Items[0].Get("columns").Items {
				columns++
				if _, err := c.Get("type").Str(); err != nil {
					t.Error(err)
				}
			}
		}
		for _, r := range tmpl.OfType("aws_kinesis_firehose_delivery_stream") {
			t.Logf("%s: %s", filepath.Base(path), shown(r.Properties))
		}
	}
	t.Logf("%d files, %d resources, %d tables, %d columns", len(files), resources, tables, columns)
	if len(files) < 5 {
		t.Errorf("only %d files", len(files))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(declarations))
	f.Add([]byte(stream))
	f.Add([]byte(plan))
	var b strings.Builder
	for i, tt := range expressions {
		fmt.Fprintf(&b, "output \"o%d\" { value = %s }\n", i, tt.in)
	}
	f.Add([]byte(b.String()))
	for i := range 8 {
		f.Add([]byte("locals {\n x = " + expressions[i*9].in + "\n}\noutput \"o\" { value = local.x }\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<15 {
			return
		}
		check := func(tmpl *template.Template, err error) {
			if _, ok := err.(*template.Error); err != nil && !ok {
				t.Fatalf("error %v (%T)", err, err)
			}
			if err != nil && strings.Contains(err.Error(), "can't be read as Terraform") {
				t.Fatal(err)
			}
			if tmpl == nil {
				return
			}
			for _, r := range tmpl.Resources {
				for _, n := range []*template.Node{r.Properties, r.Name, r.ARN} {
					walk(n, func(n *template.Node) {
						if n.Kind == template.Unresolved && n.Err == nil || n.Kind != template.Unresolved && n.Err != nil {
							t.Fatalf("%s with error %v", n.Kind, n.Err)
						}
					})
				}
			}
		}
		check(Parse(config(string(data)), template.Options{}, nil))
		if doc, err := template.ParseJSON("f.json", data); err == nil {
			check(ParseShow(doc, template.Options{}))
		}
	})
}
