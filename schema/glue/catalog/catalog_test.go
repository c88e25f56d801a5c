package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsglue "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

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

// TestMoto reads versions of a table from a moto server, where HYDRANT_MOTO says it listens.
func TestMoto(t *testing.T) {
	url := os.Getenv("HYDRANT_MOTO")
	if url == "" {
		t.Skip("HYDRANT_MOTO isn't set: tables of another implementation's catalog")
	}
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}
	api := awsglue.NewFromConfig(cfg, func(o *awsglue.Options) { o.BaseEndpoint = &url })
	database, table := "hydrant_test", "t"
	input := func(typ string) *types.TableInput {
		return &types.TableInput{Name: &table, StorageDescriptor: &types.StorageDescriptor{Columns: []types.Column{{Name: aws.String("a"), Type: &typ}}}}
	}
	if _, err := api.CreateDatabase(t.Context(), &awsglue.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{Name: &database}}); err != nil {
		t.Fatal(err)
	}
	defer api.DeleteDatabase(context.Background(), &awsglue.DeleteDatabaseInput{Name: &database})
	if _, err := api.CreateTable(t.Context(), &awsglue.CreateTableInput{DatabaseName: &database, TableInput: input("int")}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.UpdateTable(t.Context(), &awsglue.UpdateTableInput{DatabaseName: &database, TableInput: input("bigint")}); err != nil {
		t.Fatal(err)
	}
	o := glue.Options{Catalog: New(cfg, Options{Endpoint: &url}), Context: t.Context()}
	for src, want := range map[string]string{"glue:hydrant_test.t": "struct<a:bigint>", "glue:hydrant_test.T@1": "struct<a:int>", "glue:hydrant_test.t@2": "struct<a:bigint>"} {
		if got, err := glue.Load(src, o); err != nil || got.Struct().String() != want {
			t.Errorf("%s = %v, %v, want %s", src, got, err, want)
		}
	}
	for _, src := range []string{"glue:hydrant_test.t@9", "glue:hydrant_test.u", "glue:hydrant_none.t"} {
		if _, err := glue.Load(src, o); !errors.Is(err, glue.ErrNoTable) {
			t.Errorf("%s: %v", src, err)
		}
	}
}
