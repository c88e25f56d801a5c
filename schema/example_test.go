package schema_test

import (
	"fmt"
	"os"

	"github.com/hydrantkit/hydrant/schema"
)

func ExampleParseType() {
	t, err := schema.ParseType("STRUCT<id:bigint, tags:array<string>>")
	fmt.Println(t, err)
	_, err = schema.ParseType("array<set<string>>")
	fmt.Println(err)
	// Output:
	// struct<id:bigint,tags:array<string>> <nil>
	// type "array<set<string>>": unknown type set; make it array, as the service's guide says at character 7, before "set<string>>"
}

func ExampleInferrer() {
	n := schema.NewInferrer(schema.InferOptions{})
	for i, record := range []string{`{"id":1,"at":"2024-05-06 07:08:09"}`, `{"id":3000000000,"Tags":["a"]}`} {
		n.Add([]byte(record), schema.Place{File: "events.json", Line: int64(i + 1)})
	}
	found, err := n.Result()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found.Type)
	// Output:
	// struct<id:bigint,at:timestamp,tags:array<string>>
}

func ExampleLinter() {
	table, err := schema.NewTable([2]string{"id", "double"}, [2]string{"user_id", "string"})
	if err != nil {
		fmt.Println(err)
		return
	}
	l := schema.NewLinter(table, schema.LintOptions{})
	l.Add([]byte(`{"id":9007199254740993,"userId":"u1"}`), schema.Place{File: "events.json", Line: 1})
	os.Stdout.Write(l.Result().AppendText(nil))
	// Output:
	// precision id (double): digits that a double can't hold are rounded away; ×1, first at events.json:1: 9007199254740993
	//     → make it bigint for whole numbers, decimal for others, or string
	// unfilled user_id (string): no value in 1 objects
	//     → is it userId? then map column user_id to it, or rename the column
	// dropped userId: in the data, not in the schema; ×1, first at events.json:1: "u1"
	//     → add a column
	// 1 records, 1 rows, 0 failed; 3 findings
}
