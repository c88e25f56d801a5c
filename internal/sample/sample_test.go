package sample

import (
	"bytes"
	"os"
	"testing"
)

// TestTemplate keeps the embedded template equal to the deployed one: cp sam-template.yaml internal/sample/
func TestTemplate(t *testing.T) {
	b, err := os.ReadFile("../../sam-template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, Template) {
		t.Error("internal/sample/sam-template.yaml is not sam-template.yaml: cp sam-template.yaml internal/sample/")
	}
}
