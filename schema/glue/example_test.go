package glue_test

import (
	"fmt"
	"os"

	"github.com/hydrantkit/hydrant/schema/glue"
)

func ExampleLoad() {
	t, err := glue.Load("struct<id:bigint,tags:array<string>>", glue.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	os.Stdout.Write(glue.AppendParquet(nil, t))
	// Output:
	// message hive_schema {
	//   optional int64 id;
	//   optional group tags (LIST) {
	//     repeated group bag {
	//       optional binary array_element (UTF8);
	//     }
	//   }
	// }
}
