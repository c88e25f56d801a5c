package template

import (
	"fmt"
	"strings"
	"testing"
)

// shown writes a value without places.
func shown(n *Node) string {
	switch {
	case n == nil:
		return "absent"
	case n.Kind == Unresolved:
		return "? " + n.Err.Error()
	case n.Kind == List:
		var b []string
		for _, item := range n.Items {
			b = append(b, shown(item))
		}
		return "[" + strings.Join(b, ", ") + "]"
	case n.Kind == Map:
		var b []string
		for _, m := range n.Members {
			b = append(b, m.Key+": "+shown(m.Value))
		}
		return "{" + strings.Join(b, ", ") + "}"
	case n.Kind == Null:
		return "null"
	}
	return n.Text
}

const functionsHead = `Parameters:
  Stage: {Type: String, Default: dev}
  Size: {Type: Number, Default: 64}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c"}
  None: {Type: CommaDelimitedList, Default: ""}
  Missing: {Type: String}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /my/key}
Mappings:
  Sizes:
    dev: {small: 1, list: [x, y]}
    prod: {small: 5}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Equals [!Ref Stage, prod]
  Neither: !Not [!Or [!Condition IsDev, !Condition IsProd]]
  Both: !And [!Condition IsDev, !Condition IsProd]
  Unknown: !Equals [!Ref Missing, x]
  Decided: !Or [!Condition Unknown, !Condition IsDev]
  Ahead: !Condition IsDev
  RoundA: !Not [!Condition RoundB]
  RoundB: !Not [!Condition RoundA]
Resources:
  Bucket: {Type: "AWS::S3::Bucket"}
  Named: {Type: "AWS::S3::Bucket", Properties: {BucketName: !Sub "${AWS::StackName}-Logs"}}
  Prod: {Type: "AWS::S3::Bucket", Condition: IsProd}
  Maybe: {Type: "AWS::S3::Bucket", Condition: Unknown}
  Open: {Type: "AWS::S3::Bucket", Properties: {BucketName: !Ref Missing}}
  Circle: {Type: "AWS::S3::Bucket", Properties: {BucketName: !Ref Circle2}}
  Circle2: {Type: "AWS::S3::Bucket", Properties: {BucketName: !Sub "x-${Circle}"}}
  Stream: {Type: "AWS::Kinesis::Stream"}
  Delivery: {Type: "AWS::KinesisFirehose::DeliveryStream"}
  Role: {Type: "AWS::IAM::Role", Properties: {Path: /service/}}
  Role2: {Type: "AWS::IAM::Role", Properties: {RoleName: r}}
  Group: {Type: "AWS::Logs::LogGroup", Properties: {LogGroupName: /aws/x}}
  Lines: {Type: "AWS::Logs::LogStream"}
  Db: {Type: "AWS::Glue::Database", Properties: {CatalogId: !Ref AWS::AccountId}}
  Table: {Type: "AWS::Glue::Table", Properties: {DatabaseName: !Ref Db, TableInput: !If [IsDev, {Name: events}, {}]}}
  Function: {Type: "AWS::Serverless::Function", Properties: {AutoPublishAlias: live}}
  Plain: {Type: "AWS::Lambda::Function", Properties: {FunctionName: plain-fn, Role: !GetAtt Role.Arn}}
  Live: {Type: "AWS::Lambda::Alias", Properties: {FunctionName: !Ref Plain, Name: live}}
  Live2: {Type: "AWS::Lambda::Alias", Properties: {FunctionName: !GetAtt Plain.Arn, Name: two}}
  Version: {Type: "AWS::Lambda::Version", Properties: {FunctionName: !Ref Plain}}
  Domain: {Type: "AWS::OpenSearchService::Domain", Properties: {DomainName: search}}
  Collection: {Type: "AWS::OpenSearchServerless::Collection", Properties: {Name: coll}}
  Secret: {Type: "AWS::SecretsManager::Secret", Properties: {Name: token}}
  Topic: {Type: "AWS::SNS::Topic"}
  Queue: {Type: "AWS::SQS::Queue"}
  Warehouse: {Type: "AWS::Redshift::Cluster", Properties: {ClusterIdentifier: wh}}
  Setting: {Type: "AWS::SSM::Parameter", Properties: {Name: /s, Value: !Ref Size}}
  Custom: {Type: "Custom::Thing", Properties: {Value: 1}}
  Other: {Type: "AWS::Glue::Crawler", Properties: {Name: crawl}}
  X:
    Type: AWS::X::Y
    Properties:
      V: `

func TestFunctions(t *testing.T) {
	line := 1 + strings.Count(functionsHead, "\n")
	for _, tt := range []struct{ in, want string }{
		{`plain`, "plain"},
		{`!Ref Stage`, "dev"},
		{`{Ref: Stage}`, "dev"},
		{`!Ref Size`, "64"},
		{`!Ref Zones`, "[a, b, c]"},
		{`!Ref None`, "[]"},
		{`!Ref Missing`, "? :10: unresolved parameter Missing: it has no default; give it with --parameter Missing=VALUE"},
		{`!Ref Stored`, `? :10: unresolved parameter Stored: it is the SSM parameter "/my/key"; give its value with --parameter Stored=VALUE`},
		{`!Ref Nobody`, `? :10: unresolved reference "Nobody"`},
		{`!Ref stage`, `? :10: unresolved reference "stage"`},
		{`!Ref bucket`, `? :10: unresolved reference "bucket"; is Bucket meant?`},
		{`!Ref [a]`, "? :10: Ref: list where a string is wanted"},
		{`!Ref AWS::Nothing`, "? :10: unresolved reference AWS::Nothing: no such pseudo parameter"},
		{`!Sub "${AWS::AccountId} ${AWS::Region} ${AWS::Partition} ${AWS::StackName} ${AWS::URLSuffix}"`, "123456789012 us-east-1 aws hydrant amazonaws.com"},
		{`!Ref AWS::StackId`, "arn:aws:cloudformation:us-east-1:123456789012:stack/hydrant/00000000-0000-0000-0000-000000000000"},
		{`!Ref AWS::NotificationARNs`, "[]"},
		{`{a: !Ref AWS::NoValue, b: 1}`, "{b: 1}"},
		{`[1, !Ref AWS::NoValue, !If [IsProd, 2, !Ref AWS::NoValue], 3]`, "[1, 3]"},
		{`!Ref AWS::NoValue`, "absent"},

		{`!Sub "a-${Stage}-${!Stage}-${Bucket.Arn}-${ Size }-$x-${"`, "a-dev-${Stage}-arn:aws:s3:::bucket-64-$x-${"},
		{`!Sub ["${a}${b}/${Stage}", {a: !Ref Size, b: [1]}]`, "? :16: Fn::Sub: ${b} is no string"},
		{`!Sub ["${a}${Stage}", {a: !Ref Size, Stage: mine}]`, "64mine"},
		{`!Sub ["${a.b}", {a.b: c}]`, "c"},
		{`!Sub ["${a}"]`, "? :10: Fn::Sub wants a list of 2"},
		{`!Sub "${x y}"`, "? :10: Fn::Sub: ${x y} is no name; write ${!x y} for the characters themselves"},
		{`!Sub "${Missing}"`, "? :10: unresolved parameter Missing: it has no default; give it with --parameter Missing=VALUE"},
		{`!Sub "${Zones}"`, "? :10: Fn::Sub: ${Zones} is no string"},
		{`!Sub "!{timestamp:yyyy}/"`, "!{timestamp:yyyy}/"},
		{`{"Fn::Sub": "${Stage}"}`, "dev"},

		{`!Join ["-", [a, !Ref Stage, 3, !Ref AWS::NoValue]]`, "a-dev-3"},
		{`!Join ["-", !Ref Zones]`, "a-b-c"},
		{`!Join ["", []]`, ""},
		{`!Join ["-", [a, [b]]]`, "? :26: Fn::Join: list where a string is wanted"},
		{`!Join [a]`, "? :10: Fn::Join wants a list of 2"},
		{`!Split [",", "a,b,"]`, "[a, b, ]"},
		{`!Split ["", "a"]`, "? :18: Fn::Split: the delimiter is empty"},
		{`!Select [1, !Split [":", !GetAtt Stream.Arn]]`, "aws"},
		{`!Select ["2", [a, b, !Ref Stage]]`, "dev"},
		{`!Select [0, [a, !Ref Missing]]`, "a"},
		{`!Select [3, [a]]`, "? :19: Fn::Select: index 3 of a list of 1"},
		{`!Select [-1, [a]]`, "? :19: Fn::Select: index -1 of a list of 1"},
		{`!Select [x, [a]]`, `? :19: "x" is not a whole number`},
		{`!Base64 "hé"`, "aMOp"},
		{`!Base64 {Ref: Stage}`, "ZGV2"},
		{`!Length [a, !Ref Stage]`, "2"},
		{`!Length x`, "? :10: Fn::Length: string where a list is wanted"},
		{`!ToJsonString {a: [1, x, true, null], "b\"": !Ref Stage, c: !Ref AWS::NoValue}`, `{"a":[1,"x",true,null],"b\"":"dev"}`},
		{`!ToJsonString {a: !Ref Missing}`, "? :28: unresolved parameter Missing: it has no default; give it with --parameter Missing=VALUE"},
		{`!ToJsonString x`, "? :10: Fn::ToJsonString: string where a map or a list is wanted"},
		{`!GetAZs ""`, "[us-east-1a, us-east-1b, us-east-1c]"},
		{`!Select [0, !GetAZs eu-west-1]`, "eu-west-1a"},
		{`!Cidr [10.0.0.0/16, 2, 8]`, "? :10: unresolved: Fn::Cidr is not evaluated"},
		{`!ImportValue {"Fn::Sub": "${Stage}-x"}`, `? :10: unresolved import: "dev-x" is exported by another stack`},
		{`!Transform {Name: AWS::Include}`, `? :10: unresolved: what the macro "AWS::Include" puts here is not known`},
		{`{a: 1, Fn::Transform: {Name: M}}`, `{a: 1, Fn::Transform: ? :17: unresolved: what the macro "M" puts here is not known}`},
		{`{Fn::Nonsense: 1}`, "? :10: unknown function Fn::Nonsense"},
		{`{a: 1, Fn::Sub: x}`, "? :17: Fn::Sub must be the only key of its map"},
		{`{a: 1, Ref: x}`, "{a: 1, Ref: x}"},
		{`{Condition: IsDev}`, "{Condition: IsDev}"},
		{`"{{resolve:secretsmanager:x:SecretString:y}}"`, `? :10: unresolved dynamic reference "{{resolve:secretsmanager:x:SecretString:y}}"`},
		{`!Sub "a{{resolve:ssm:${Stage}}}b"`, `? :10: unresolved dynamic reference "{{resolve:ssm:dev}}"`},

		{`!If [IsDev, a, b]`, "a"},
		{`!If [IsProd, a, !Ref Size]`, "64"},
		{`!If [Neither, a, b]`, "b"},
		{`!If [Both, a, b]`, "b"},
		{`!If [Ahead, a, b]`, "a"},
		{`!If [Decided, a, b]`, "a"},
		{`!If [Unknown, a, b]`, "? t.yaml:17:21: unresolved parameter Missing: it has no default; give it with --parameter Missing=VALUE"},
		{`!If [Nothing, a, b]`, `? :15: unresolved condition "Nothing"`},
		{`!If [RoundA, a, b]`, "? t.yaml:21:17: circular reference: condition RoundA → condition RoundB → condition RoundA"},
		{`!If [IsDev, a]`, "? :10: Fn::If wants a list of 3"},
		{`!If [IsDev, !Ref Missing, b]`, "? :22: unresolved parameter Missing: it has no default; give it with --parameter Missing=VALUE"},
		{`!If [IsProd, !Ref Missing, b]`, "b"},

		{`!FindInMap [Sizes, !Ref Stage, small]`, "1"},
		{`!FindInMap [Sizes, dev, list]`, "[x, y]"},
		{`!FindInMap [Sizes, prod, list]`, `? :35: unresolved: no "list" in Mappings.Sizes.prod`},
		{`!FindInMap [Sizes, test, list]`, `? :29: unresolved: no "test" in Mappings.Sizes`},
		{`!FindInMap [Sizes, test, list, {DefaultValue: !Ref Stage}]`, "dev"},
		{`!FindInMap [Nil, a, b]`, `? :22: unresolved: no "Nil" in Mappings`},
		{`!FindInMap [Sizes, a]`, "? :10: Fn::FindInMap wants a list of 3 to 4"},

		{`!Ref Bucket`, "bucket"},
		{`!Ref Named`, "hydrant-Logs"},
		{`!GetAtt Named.Arn`, "arn:aws:s3:::hydrant-Logs"},
		{`!GetAtt [Named, RegionalDomainName]`, "hydrant-Logs.s3.us-east-1.amazonaws.com"},
		{`!Ref Prod`, "? :10: unresolved reference Prod: its condition IsProd is false"},
		{`!GetAtt Prod.Arn`, "? :10: unresolved reference Prod: its condition IsProd is false"},
		{`!Ref Maybe`, "maybe"},
		{`!GetAtt Open.Arn`, "? t.yaml:27:60: unresolved parameter Missing: it has no default; give it with --parameter Missing=VALUE"},
		{`!Ref Circle`, "? t.yaml:28:62: circular reference: Circle2 → Circle → Circle2"},
		{`!Ref Stream`, "Stream"},
		{`!GetAtt Stream.Arn`, "arn:aws:kinesis:us-east-1:123456789012:stream/Stream"},
		{`!GetAtt Delivery.Arn`, "arn:aws:firehose:us-east-1:123456789012:deliverystream/Delivery"},
		{`!GetAtt Role.Arn`, "arn:aws:iam::123456789012:role/service/Role"},
		{`!GetAtt Role2.Arn`, "arn:aws:iam::123456789012:role/r"},
		{`!Ref Group`, "/aws/x"},
		{`!GetAtt Group.Arn`, "arn:aws:logs:us-east-1:123456789012:log-group:/aws/x:*"},
		{`!Ref Lines`, "Lines"},
		{`!Ref Db`, "db"},
		{`!Ref Table`, "events"},
		{`!GetAtt Table.Arn`, "arn:aws:glue:us-east-1:123456789012:table/db/events"},
		{`!Ref Function`, "Function"},
		{`!GetAtt Function.Arn`, "arn:aws:lambda:us-east-1:123456789012:function:Function"},
		{`!Sub "${Function.Arn}:$LATEST"`, "arn:aws:lambda:us-east-1:123456789012:function:Function:$LATEST"},
		{`!Ref Function.Alias`, "arn:aws:lambda:us-east-1:123456789012:function:Function:live"},
		{`!Ref Function.Version`, "arn:aws:lambda:us-east-1:123456789012:function:Function:1"},
		{`!Ref FunctionRole`, "FunctionRole"},
		{`!GetAtt FunctionRole.Arn`, "arn:aws:iam::123456789012:role/FunctionRole"},
		{`!Ref PlainRole`, `? :10: unresolved reference "PlainRole"`},
		{`!GetAtt Plain.Arn`, "arn:aws:lambda:us-east-1:123456789012:function:plain-fn"},
		{`!Ref Live`, "arn:aws:lambda:us-east-1:123456789012:function:plain-fn:live"},
		{`!Ref Live2`, "arn:aws:lambda:us-east-1:123456789012:function:plain-fn:two"},
		{`!Ref Version`, "arn:aws:lambda:us-east-1:123456789012:function:plain-fn:1"},
		{`!GetAtt Domain.Arn`, "arn:aws:es:us-east-1:123456789012:domain/search"},
		{`!GetAtt Domain.DomainEndpoint`, "search-search.us-east-1.es.amazonaws.com"},
		{`!GetAtt Collection.CollectionEndpoint`, "https://coll.us-east-1.aoss.amazonaws.com"},
		{`!Ref Secret`, "arn:aws:secretsmanager:us-east-1:123456789012:secret:token"},
		{`!Ref Topic`, "arn:aws:sns:us-east-1:123456789012:Topic"},
		{`!Ref Queue`, "https://sqs.us-east-1.amazonaws.com/123456789012/Queue"},
		{`!GetAtt Queue.Arn`, "arn:aws:sqs:us-east-1:123456789012:Queue"},
		{`!Sub "${Warehouse.Endpoint.Address}:${Warehouse.Endpoint.Port}"`, "wh.us-east-1.redshift.amazonaws.com:5439"},
		{`!GetAtt Setting.Value`, "64"},
		{`!GetAtt Custom.Value`, "? :10: unresolved attribute Custom.Value: what it is for Custom::Thing is not known without an account"},
		{`!Ref Other`, "crawl"},
		{`!GetAtt Other.Arn`, "? :10: unresolved attribute Other.Arn: what it is for AWS::Glue::Crawler is not known without an account"},
		{`!GetAtt Nobody.Arn`, `? :10: unresolved reference "Nobody"`},
		{`!GetAtt Nobody`, "? :10: Fn::GetAtt wants a resource and an attribute, as in Function.Arn"},
		{`!GetAtt X.V`, "? :10: circular reference: X.V → X.V"},
	} {
		tmpl, err := ParseTemplate("t.yaml", []byte(functionsHead+tt.in+"\n"), Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		got := shown(tmpl.Resource("X").Properties.Get("V"))
		// A place on the line of the expression is written as its column.
		got = strings.ReplaceAll(got, fmt.Sprintf("t.yaml:%d:", line), ":")
		if got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.in, got, tt.want)
		}
	}
}

// parse evaluates a template that must be right.
func parse(t *testing.T, text string, o Options) *Template {
	t.Helper()
	tmpl, err := ParseTemplate("t.yaml", []byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

func TestConditions(t *testing.T) {
	text := functionsHead + "1\n"
	tmpl := parse(t, text, Options{})
	if tmpl.Resource("Prod") != nil {
		t.Error("Prod exists although its condition is false")
	}
	maybe := tmpl.Resource("Maybe")
	if maybe == nil || maybe.Err == nil || !strings.Contains(maybe.Err.Error(), "unresolved parameter Missing") {
		t.Errorf("Maybe = %+v; want it with an error about its condition", maybe)
	}
	tmpl = parse(t, text, Options{Parameters: map[string]string{"Stage": "prod", "Missing": "x"}})
	if tmpl.Resource("Prod") == nil {
		t.Error("Prod is absent although its condition is true")
	}
	if m := tmpl.Resource("Maybe"); m == nil || m.Err != nil {
		t.Errorf("Maybe = %+v; want it without an error", m)
	}
}

func TestPseudoParameters(t *testing.T) {
	text := "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      V: !Sub ${AWS::StackName}/${AWS::URLSuffix}\n"
	tmpl := parse(t, text, Options{Account: "1", Region: "cn-north-1", Stack: "s"})
	f := tmpl.Resource("F")
	if got := f.ARN.Text + " " + f.Properties.Get("V").Text; got != "arn:aws-cn:lambda:cn-north-1:1:function:F s/amazonaws.com.cn" {
		t.Error(got)
	}
	tmpl = parse(t, text, Options{Region: "us-gov-west-1"})
	if got := tmpl.Resource("F").ARN.Text; got != "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:F" {
		t.Error(got)
	}
}

func TestByARN(t *testing.T) {
	tmpl := parse(t, functionsHead+"1\n", Options{})
	for arn, want := range map[string]string{
		"arn:aws:lambda:us-east-1:123456789012:function:Function":         "Function",
		"arn:aws:lambda:us-east-1:123456789012:function:Function:$LATEST": "Function",
		"arn:aws:lambda:us-east-1:123456789012:function:plain-fn:live":    "Plain",
		"arn:aws:lambda:us-east-1:123456789012:function:Function:a:b":     "",
		"arn:aws:lambda:us-east-1:123456789012:function:FunctionX":        "",
		"arn:aws:s3:::bucket": "Bucket",
		"":                    "",
	} {
		got := ""
		if r := tmpl.ByARN(arn); r != nil {
			got = r.LogicalID
		}
		if got != want {
			t.Errorf("ByARN(%s) = %q, want %q", arn, got, want)
		}
	}
	if got := len(tmpl.OfType("AWS::Lambda::Function", "AWS::Serverless::Function")); got != 2 {
		t.Errorf("%d functions, want 2", got)
	}
}

func TestParameters(t *testing.T) {
	for _, tt := range []struct{ name, in, given, want string }{
		{"given", "{Type: String, Default: a}", "b", "b"},
		{"given number", "{Type: Number}", "7", "7"},
		{"given list", "{Type: List<Number>}", "7, 8", "[7, 8]"},
		{"given stored", "{Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /x}", "7,8", "[7, 8]"},
		{"boolean default", "{Type: String, Default: yes, AllowedValues: [yes, no]}", "", "true"},
		{"no number", "{Type: Number, Default: x}", "", `t.yaml:2:30: parameter P is "x", but it must be a number`},
		{"too small", "{Type: Number, Default: 3, MinValue: 5}", "", `t.yaml:2:30: parameter P is "3", but it must be at least 5`},
		{"too large", "{Type: Number, Default: 3, MaxValue: 2.5}", "", `t.yaml:2:30: parameter P is "3", but it must be at most 2.5`},
		{"not allowed", "{Type: String, Default: c, AllowedValues: [a, b]}", "", `t.yaml:2:30: parameter P is "c", but it must be one of "a", "b"`},
		{"not allowed, given", "{Type: String, Default: a, AllowedValues: [a, b], ConstraintDescription: a or b please}", "c", `t.yaml:2:3: parameter P is "c", but it must be one of "a", "b": a or b please`},
		{"list, not allowed", "{Type: CommaDelimitedList, Default: 'a,c', AllowedValues: [a, b]}", "", `t.yaml:2:42: parameter P is "c", but it must be one of "a", "b"`},
		{"pattern", "{Type: String, Default: abc, AllowedPattern: '[ab]+'}", "", `t.yaml:2:30: parameter P is "abc", but it must be what "[ab]+" matches`},
		{"pattern that matches", "{Type: String, Default: ab, AllowedPattern: 'a|ab'}", "", "ab"},
		{"pattern beyond Go", "{Type: String, Default: ab, AllowedPattern: '(?!x)ab'}", "", "ab"},
		{"short", "{Type: String, Default: é, MinLength: 2}", "", `t.yaml:2:30: parameter P is "é", but it must be at least 2 characters long`},
		{"long", "{Type: String, Default: ééé, MaxLength: 2}", "", `t.yaml:2:30: parameter P is "ééé", but it must be at most 2 characters long`},
		{"no type", "{Default: a}", "", "t.yaml:2:3: parameter P has no Type"},
		{"default that is a list", "{Type: String, Default: [a]}", "", "t.yaml:2:30: list where a string is wanted"},
		{"no map", "x", "", "t.yaml:2:6: parameter P: string where a map is wanted"},
	} {
		o := Options{}
		if tt.given != "" {
			o.Parameters = map[string]string{"P": tt.given}
		}
		tmpl, err := ParseTemplate("t.yaml", []byte("Parameters:\n  P: "+tt.in+"\nResources:\n  X:\n    Type: X\n    Properties: {V: !Ref P}\n"), o)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = shown(tmpl.Resource("X").Properties.Get("V"))
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	_, err := ParseTemplate("t.yaml", []byte("Resources: {}\n"), Options{Parameters: map[string]string{"Q": "", "P": "x"}})
	if err == nil || err.Error() != `t.yaml:1:1: no parameter "P" in the template` {
		t.Errorf("parameter that is not declared: %v", err)
	}
}

func TestTemplateErrors(t *testing.T) {
	deep := "Resources:\n"
	for i := range 3000 {
		deep += fmt.Sprintf("  B%d: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref B%d}}\n", i, i+1)
	}
	double := "Resources:\n  B0: {Type: 'AWS::S3::Bucket'}\n"
	for i := 1; i < 60; i++ {
		double += fmt.Sprintf("  B%d: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub '${B%d}${B%[2]d}'}}\n", i, i-1)
	}
	lists := "Mappings: {M: {a: {b: [" + strings.Repeat("x,", 5000) + "x]}}}\nResources:\n  X:\n    Type: X\n    Properties:\n      V:\n" +
		strings.Repeat("      - !FindInMap [M, a, b]\n", 5000)
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", "t.yaml:1:1: no template: it has no map of sections"},
		{"list", "- a\n", "t.yaml:1:1: no template: it has no map of sections"},
		{"no resources", "A: 1\n", "t.yaml:1:1: no template: it has no Resources"},
		{"resources a list", "Resources:\n- a\n", "t.yaml:2:1: Resources: list where a map is wanted"},
		{"resource a string", "Resources:\n  X: y\n", "t.yaml:2:6: resource X: string where a map is wanted"},
		{"no type", "Resources:\n  X: {}\n", "t.yaml:2:3: resource X has no Type"},
		{"type a list", "Resources:\n  X:\n    Type: [a]\n", "t.yaml:3:11: resource X: Type is a list where a string is wanted"},
		{"properties a list", "Resources:\n  X:\n    Type: Y\n    Properties: [a]\n", "t.yaml:4:17: Properties of X: list where a map is wanted"},
		{"properties come to a list", "Resources:\n  X:\n    Type: Y\n    Properties: !Split ['/', a/b]\n", "t.yaml:4:17: Properties of X: list where a map is wanted"},
		{"conditions a list", "Conditions: []\nResources: {}\n", "t.yaml:1:13: Conditions: list where a map is wanted"},
		{"globals a list", "Globals: []\nResources: {}\n", "t.yaml:1:10: Globals: list where a map is wanted"},
		{"loop without end", "Resources:\n  Fn::ForEach::L: [x, [a]]\n", "t.yaml:2:19: Fn::ForEach::L wants a list of 3"},
		{"loop that makes a key twice", "Resources:\n  Fn::ForEach::L: [x, [a, b], {Y: {Type: Z}}]\n", `t.yaml:2:32: "Y" is here twice, first at line 2`},
		{"names nested deep", deep, ""},
		{"text that doubles", double, "t.yaml:"},
		{"lists that multiply", lists, "t.yaml:"},
	} {
		tmpl, err := ParseTemplate("t.yaml", []byte(tt.in), Options{})
		switch {
		case tt.want == "" && err == nil:
			if r := tmpl.Resource("B0"); r.Name.Kind != Unresolved {
				t.Errorf("%s: %s", tt.name, shown(r.Name))
			}
		case err == nil:
			t.Errorf("%s: no error", tt.name)
		case !strings.HasPrefix(err.Error(), tt.want):
			t.Errorf("%s: %s, want %s", tt.name, err, tt.want)
		}
	}
}

func TestGlobals(t *testing.T) {
	tmpl := parse(t, `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Timeout: 10
    Runtime: go
    Layers: [a]
    Environment: {Variables: {A: 1, B: !Ref AWS::Region}}
  Api: {Name: x}
Resources:
  One: {Type: "AWS::Serverless::Function"}
  Two:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 20
      Layers: [b]
      Environment: {Variables: {B: 2, C: 3}}
  Three:
    Type: AWS::Serverless::Function
    IgnoreGlobals: "*"
  Four:
    Type: AWS::Serverless::Function
    IgnoreGlobals: [Layers, Environment]
  Five:
    Type: AWS::Serverless::Function
    Properties: {Environment: !If [x, y, z], Layers: !Ref AWS::NoValue}
  Six: {Type: "AWS::Lambda::Function"}
`, Options{})
	for id, want := range map[string]string{
		"One":   "{Timeout: 10, Runtime: go, Layers: [a], Environment: {Variables: {A: 1, B: us-east-1}}}",
		"Two":   "{Runtime: go, Timeout: 20, Layers: [a, b], Environment: {Variables: {A: 1, B: 2, C: 3}}}",
		"Three": "{}",
		"Four":  "{Timeout: 10, Runtime: go}",
		"Five":  `{Timeout: 10, Runtime: go, Environment: ? t.yaml:26:36: unresolved condition "x"}`,
		"Six":   "{}",
	} {
		if got := shown(tmpl.Resource(id).Properties); got != want {
			t.Errorf("%s:\n got %s\nwant %s", id, got, want)
		}
	}
	if p := tmpl.Resource("One").Properties.Get("Timeout").Pos; p.String() != "t.yaml:5:14" {
		t.Errorf("a global's place is %s", p)
	}
}

func TestForEach(t *testing.T) {
	tmpl := parse(t, `
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "a-1,b-2"}
Resources:
  Fn::ForEach::Buckets:
    - Name
    - !Ref Names
    - Bucket&{Name}:
        Type: AWS::S3::Bucket
        Properties:
          BucketName: !Sub "logs-${Name}"
          Tags: [!Ref Name]
  X:
    Type: Y
    Properties:
      First: !GetAtt Bucketa1.Arn
      Fn::ForEach::Keys: [K, [p, q], {"Key${K}": !Ref K}]
Outputs:
  Fn::ForEach::Out: [N, [1, 2], {"O${N}": {Value: "v${N}"}}]
`, Options{})
	if got, want := shown(tmpl.Resource("Bucketb2").Properties), "{BucketName: logs-b-2, Tags: [b-2]}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := shown(tmpl.Resource("X").Properties), "{First: arn:aws:s3:::logs-a-1, Keyp: p, Keyq: q}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := shown(tmpl.Outputs), "{O1: {Value: v1}, O2: {Value: v2}}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A macro may have put a key where it is looked for.
func TestGetBesideMacro(t *testing.T) {
	tmpl := parse(t, "Resources:\n  X:\n    Type: Y\n    Properties:\n      A: 1\n      Fn::Transform: {Name: AWS::Include}\n", Options{})
	p := tmpl.Resource("X").Properties
	if got := p.Get("A"); got.Text != "1" {
		t.Errorf("A is %s", shown(got))
	}
	if got := p.Get("B", "C"); got == nil || got.Kind != Unresolved {
		t.Errorf("B is %s, want it unresolved", shown(got))
	}
}

func TestNodeValues(t *testing.T) {
	n, err := ParseYAML("t.yaml", []byte("[60, '60', 5.0, 1e3, 1.5, x, true, 'False', yes, null, [], {}, 010, 99999999999999999999, 0.1]"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"60 60 60 -", "60 60 60 -", "5.0 5 5 -", "1e3 1000 1000 -", "1.5 - 1.5 -", "x - - -", "true - - true", "False - - false", "true - - true",
		"- - - -", "- - - -", "- - - -", "010 - 10 -", "99999999999999999999 - 1e+20 -", "0.1 - 0.1 -",
	} {
		v := n.Items[i]
		got := ""
		add := func(s any, err error) {
			if err != nil {
				if e, ok := err.(*Error); !ok || e.Pos != v.Pos {
					t.Errorf("item %d: error %v has not the item's place", i, err)
				}
				s = "-"
			}
			got += fmt.Sprint(" ", s)
		}
		s, err := v.Str()
		add(s, err)
		in, err := v.Int()
		add(in, err)
		f, err := v.Float()
		add(f, err)
		b, err := v.Bool()
		add(b, err)
		if got[1:] != want {
			t.Errorf("item %d is %s, want %s", i, got[1:], want)
		}
	}
	var absent *Node
	if _, err := absent.Str(); err == nil || absent.Get("a") != nil || !absent.IsNull() {
		t.Error("a nil node has a value")
	}
	if b, err := n.AppendJSON(nil); err != nil || string(b) != `[60,"60",5.0,1e3,1.5,"x",true,"False",true,null,[],{},"010",99999999999999999999,0.1]` {
		t.Errorf("as JSON: %s, %v", b, err)
	}
}
