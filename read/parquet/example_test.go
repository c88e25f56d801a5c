package parquet_test

import (
	"fmt"
	"log"
	"os"

	"github.com/hydrantkit/hydrant/read/parquet"
)

func ExampleOpen() {
	file, err := os.Open("delivered.parquet")
	if err != nil {
		fmt.Println("no such file")
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		log.Fatal(err)
	}
	f, err := parquet.Open(file, info.Size())
	if err != nil {
		log.Fatal(err)
	}
	if err := f.Rows(os.Stdout, []string{"id", "user.name"}, 10); err != nil {
		log.Fatal(err)
	}
	// Output: no such file
}
