package harness

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/internal/template"
)

// Snowflake is a stream's SnowflakeDestinationConfiguration (destinations.md §5).
type Snowflake struct {
	sinkConfig
	Table             sink.Table // without its User
	Content, Metadata string     // columns, where DataLoadingOption wants them
}

// Place is "snowflake".
func (e *Snowflake) Place() string { return "snowflake" }

// budget is that of HTTP endpoints: what the retry duration counts from, and the pauses, aren't documented (CHOICE).
func (e *Snowflake) budget() budget { return endpointBudget(e.retry) }

func (e *Snowflake) open(s *Stream, o Options) (Destination, error) {
	d := &sink.Snowflake{Table: e.Table, Content: e.Content, Metadata: e.Metadata, Stream: s.Name, Loader: o.Loader, Seed: o.Seed}
	d.Table.User = e.secret.others["user"]
	if s.Source == KinesisStream {
		d.Source = s.SourceARN[strings.LastIndexByte(s.SourceARN, '/')+1:]
	}
	return d, nil
}

// snowflake reads a SnowflakeDestinationConfiguration.
func (d *describer) snowflake(s *Stream, n *template.Node) {
	e := &Snowflake{Table: sink.Table{Account: sink.AccountHost(d.str(n.Get("AccountUrl"))),
		Database: d.str(n.Get("Database")), Schema: d.str(n.Get("Schema")), Name: d.str(n.Get("Table"))}}
	e.hints, e.most = d.sinkHints(n.Get("BufferingHints"), 1, 128, 128, 0, 900)
	e.retry = d.retryDuration(n, 60)
	e.secret = d.secret(n, n, "PrivateKey", "private_key")
	user, passphrase := d.secret(n, n, "User", "user"), d.secret(n, n, "KeyPassphrase", "key_passphrase")
	e.secret.others = map[string]string{user.member: user.value, passphrase.member: passphrase.value}
	if role := n.Get("SnowflakeRoleConfiguration"); d.block(role) && d.boolean(role.Get("Enabled"), false) {
		e.Table.Role = d.required(role, "SnowflakeRole", "SnowflakeRoleConfiguration")
	}
	switch option := d.text(n.Get("DataLoadingOption"), "JSON_MAPPING"); option {
	case "VARIANT_CONTENT_AND_METADATA_MAPPING":
		e.Metadata = d.required(n, "MetaDataColumnName", option)
		fallthrough
	case "VARIANT_CONTENT_MAPPING":
		e.Content = d.required(n, "ContentColumnName", option)
	}
	s.Sink = e
	switch {
	case d.err != nil:
	case e.secret.name == "" || user.name == "":
		d.refuse(n, "User and PrivateKey are required unless SecretsManagerConfiguration is enabled")
	case e.secret.value != "":
		if err := checkKey(e.secret.value, passphrase.name != ""); err != nil {
			d.notice(n.Get("PrivateKey"), "nobody can sign in with PrivateKey: %v", err)
		}
	}
}

// checkKey reports why a private key can't be one for key-pair authentication: PKCS #8 in base64 without the lines around it, of RSA with 2,048 bits
// or more, or encrypted. No part of the key stands in the error.
func checkKey(text string, passphrase bool) error {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return errors.New("it is not base64")
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		switch k, ok := key.(*rsa.PrivateKey); {
		case !ok:
			return errors.New("it is no key of RSA")
		case k.N.BitLen() < 2048:
			return errors.New("it has fewer than 2048 bits")
		}
		return nil
	}
	var encrypted struct { // EncryptedPrivateKeyInfo, RFC 5958
		Algorithm struct {
			ID         asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		Data []byte
	}
	switch rest, err := asn1.Unmarshal(der, &encrypted); {
	case err != nil || len(rest) > 0:
		return errors.New("it is not PKCS #8")
	case !passphrase:
		return errors.New("it is encrypted, and there is no KeyPassphrase")
	}
	return nil
}
