package harness

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// TestCheckKey: what can be a key of key-pair authentication, and that nothing of it is said.
func TestCheckKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var sealed struct {
		Algorithm struct{ ID asn1.ObjectIdentifier }
		Data      []byte
	}
	sealed.Algorithm.ID, sealed.Data = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, make([]byte, 300)
	encrypted, err := asn1.Marshal(sealed)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		der        []byte
		passphrase bool
		want       string
	}{
		{der, false, ""}, {encrypted, true, ""}, {encrypted, false, "there is no KeyPassphrase"}, {x509.MarshalPKCS1PrivateKey(key)[1:], false, "not PKCS #8"},
	} {
		text := base64.StdEncoding.EncodeToString(tt.der)
		err := checkKey(text, tt.passphrase)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), text[:8])) {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
	const request = `{"DeliveryStreamName":"s","SnowflakeDestinationConfiguration":{"AccountUrl":"https://a.snowflakecomputing.com","User":"u",%s"Database":"d","Schema":"s","Table":"t",
		"RoleARN":"arn:aws:iam::123456789012:role/r","S3Configuration":{"RoleARN":"arn:aws:iam::123456789012:role/r","BucketARN":"arn:aws:s3:::b"}}}`
	for _, tt := range []struct{ more, want, notice string }{
		{`"PrivateKey":"` + base64.StdEncoding.EncodeToString(der) + `",`, "", ""},
		{`"PrivateKey":"` + strings.Repeat("AAAA", 64) + `",`, "", "nobody can sign in with PrivateKey: it is not PKCS #8"},
		{"", "User and PrivateKey are required unless SecretsManagerConfiguration is enabled", ""},
		{`"PrivateKey":"` + strings.Repeat("AAAA", 64) + `","DataLoadingOption":"VARIANT_CONTENT_MAPPING",`, "VARIANT_CONTENT_MAPPING needs ContentColumnName", ""},
		{`"PrivateKey":"` + strings.Repeat("AAAA", 64) + `","SnowflakeRoleConfiguration":{"Enabled":true},`, "SnowflakeRoleConfiguration needs SnowflakeRole", ""},
	} {
		d, err := Parse("s.json", fmt.Appendf(nil, request, tt.more), DescribeOptions{})
		switch {
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)), tt.want == "" && err != nil:
			t.Errorf("%.40s: %v, want %q", tt.more, err, tt.want)
		case err == nil && !strings.Contains(strings.Join(d.Stream.Notices, "\n"), tt.notice):
			t.Errorf("%q, want %q", d.Stream.Notices, tt.notice)
		}
	}
}
