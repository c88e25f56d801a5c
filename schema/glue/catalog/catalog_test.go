package catalog

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/hydrantkit/hydrant/schema"
	"github.com/hydrantkit/hydrant/schema/glue"
)

var _ glue.Catalog = (*Client)(nil)

// service answers as the Data Catalog does, for one table.
func service(t *testing.T) *httptest.Server {
	table := func(version, typ string) string {
		return `{"Name":"t","DatabaseName":"db","CatalogId":"1","VersionId":"` + version + `","StorageDescriptor":{"Columns":[{"Name":"a","Type":"` + typ + `","Comment":"c"}]},"PartitionKeys":[{"Name":"dt","Type":"date"}]}`
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=id/") {
			t.Errorf("not signed: %v", r.Header)
		}
		call := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSGlue.") + " " + string(body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch call {
		case `GetTable {"CatalogId":"1","DatabaseName":"db","Name":"t"}`:
			fmt.Fprintf(w, `{"Table":%s}`, table("7", "struct<b:int>"))
		case `GetTable {"CatalogId":"1","DatabaseName":"db","Name":"wrong"}`:
			fmt.Fprintf(w, `{"Table":%s}`, table("7", "strin"))
		case `GetTable {"CatalogId":"1","DatabaseName":"db","Name":"registry"}`:
			fmt.Fprint(w, `{"Table":{"Name":"registry","StorageDescriptor":{"Columns":[],"SchemaReference":{"SchemaVersionId":"x"}}}}`)
		case `GetTableVersion {"CatalogId":"1","DatabaseName":"db","TableName":"t","VersionId":"3"}`:
			fmt.Fprintf(w, `{"TableVersion":{"VersionId":"3","Table":%s}}`, strings.Replace(table("", "int"), `"VersionId":"",`, "", 1))
		default:
			w.WriteHeader(400)
			fmt.Fprint(w, `{"__type":"EntityNotFoundException","Message":"Entity Not Found"}`)
		}
	}))
}

func TestTable(t *testing.T) {
	s := service(t)
	defer s.Close()
	c := New(aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}, Options{CatalogID: "1", Endpoint: &s.URL})
	for _, tt := range []struct{ src, want, version, err string }{
		{src: "glue:db.t", want: "struct<a:struct<b:int>>", version: "7"},
		{src: "glue:Db.T@LATEST", want: "struct<a:struct<b:int>>", version: "7"},
		{src: "glue:db.t@3", want: "struct<a:int>", version: "3"},
		{src: "glue:db.t@4", err: "read glue:db.t@4: no such table: Entity Not Found"},
		{src: "glue:db.u", err: "read glue:db.u: no such table"},
		{src: "glue:db.wrong", err: `column a: type "strin": unknown type`},
		{src: "glue:db.registry", err: "schema registry"},
	} {
		got, err := glue.Load(tt.src, glue.Options{Catalog: c, Context: t.Context()})
		switch {
		case tt.err != "":
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %s", tt.src, err, tt.err)
			}
			if strings.Contains(tt.err, "no such table") && !errors.Is(err, glue.ErrNoTable) {
				t.Errorf("%s: %v is not ErrNoTable", tt.src, err)
			}
		case err != nil || got.Struct().String() != tt.want || got.Version != tt.version || got.Region != "eu-west-1" ||
			got.Columns[0].Comment != "c" || len(got.PartitionKeys) != 1 || got.PartitionKeys[0].Type.Kind != schema.Date:
			t.Errorf("%s = %+v, %v", tt.src, got, err)
		}
	}
}
