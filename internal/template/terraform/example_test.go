package terraform_test

import (
	"fmt"

	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/internal/template/terraform"
)

func Example() {
	t, err := terraform.Parse([]terraform.File{{Name: "main.tf", Data: []byte(`
locals {
  columns = { id = "bigint", at = "timestam" }
}
resource "aws_glue_catalog_table" "events" {
  name          = "events"
  database_name = "lake"
  storage_descriptor {
    dynamic "columns" {
      for_each = local.columns
      content {
        name = columns.key
        type = columns.value
      }
    }
  }
}
`)}}, template.Options{}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	table := t.Resource("aws_glue_catalog_table.events")
	for _, sd := range table.Properties.Get("storage_descriptor").Items {
		for _, c := range sd.Get("columns").Items {
			if typ := c.Get("type"); typ.Text == "timestam" {
				fmt.Println(typ.Errorf("no type %s", typ.Text))
			}
		}
	}
	fmt.Println(table.ARN.Text)
	// Output:
	// main.tf:3:35: no type timestam
	// arn:aws:glue:us-east-1:123456789012:table/lake/events
}
