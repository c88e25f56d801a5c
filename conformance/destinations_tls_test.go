package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// certificate writes cert.pem and key.pem, a certificate of 127.0.0.1 that signs itself.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

// TestDestinationTLS: a server whose certificate nobody vouches for gets nothing; where the certificate is trusted it gets all.
func TestDestinationTLS(t *testing.T) {
	lines, _ := hecEvents(20)
	try := func(t *testing.T, cert, stream, addr, folder, code string, members []string) {
		t.Helper()
		deliver(t, 3, stream, "https://"+addr, lines).checkFailed(t, folder, code, lines, members)
		t.Setenv("SSL_CERT_FILE", cert)
		if d := deliver(t, 0, stream, "https://"+addr, lines); d.Delivered != 20 {
			t.Errorf("%+v", d.summary)
		}
	}
	t.Run("hydrant receive", func(t *testing.T) {
		dir, addr := t.TempDir(), freePort(t)
		certificate(t, dir)
		start(t, dir, []string{addr}, hydrant(t), "receive", "--listen", addr, "--access-key", "s3cret", "--out", "got", "--cert", "cert.pem", "--key", "key.pem")
		try(t, filepath.Join(dir, "cert.pem"), httpStream("/", "s3cret", "GZIP", 10), addr, "http-endpoint-failed", "HttpEndpoint.SSLHandshakeFailure", httpMembers)
		files, _ := filepath.Glob(filepath.Join(dir, "got", "*"))
		if len(files) != 1 || strings.Join(receiveFile(t, files[0]), "") != strings.Join(lines, "") {
			t.Errorf("%d requests were taken", len(files))
		}
	})
	t.Run("Telegraf", func(t *testing.T) {
		dir, addr := t.TempDir(), freePort(t)
		certificate(t, dir)
		config := write(t, dir, "telegraf.conf", fmt.Sprintf(`
[agent]
  interval = "1s"
  flush_interval = "200ms"
[[inputs.firehose]]
  service_address = %q
  paths = ["/"]
  access_key = "s3cret"
  tls_cert = "cert.pem"
  tls_key = "key.pem"
  data_format = "json"
[[outputs.file]]
  files = ["got"]
  data_format = "json"
`, addr))
		start(t, dir, []string{addr}, server(t, "telegraf"), "--config", config)
		try(t, filepath.Join(dir, "cert.pem"), httpStream("/", "s3cret", "NONE", 10), addr, "http-endpoint-failed", "HttpEndpoint.SSLHandshakeFailure", httpMembers)
	})
	t.Run("Splunk's protocol in the OpenTelemetry collector", func(t *testing.T) {
		dir, addr := t.TempDir(), freePort(t)
		certificate(t, dir)
		config := write(t, dir, "config.yaml", collectorConfig(addr, "    tls: {cert_file: cert.pem, key_file: key.pem}\n"))
		start(t, dir, []string{addr}, server(t, "collector"), "--config", config)
		got := collectorLog{path: filepath.Join(dir, "got")}
		try(t, filepath.Join(dir, "cert.pem"), splunkStream("Event", "token", 10), addr, "splunk-failed", "Splunk.SSLUnverified", splunkMembers)
		_, messages := hecEvents(20)
		got.same(t, messages)
	})
	t.Run("OpenSearch, signed", func(t *testing.T) { // a script: the nodes have no TLS
		var wrong string
		s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			signed := regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/us-east-1/es/aws4_request, SignedHeaders=[a-z0-9;-]*\bhost\b[a-z0-9;-]*, Signature=[0-9a-f]{64}$`)
			if h := r.Header.Get("Authorization"); !signed.MatchString(h) || r.Header.Get("X-Amz-Date") == "" || r.URL.Path != "/_bulk" || r.Header.Get("Content-Type") != "application/x-ndjson" {
				wrong = fmt.Sprint(r.URL, r.Header)
			}
			items := strings.TrimSuffix(strings.Repeat(`{"index":{"status":201}},`, strings.Count(string(body), "\n")/2), ",")
			answerJSON(w, 200, `{"errors":false,"items":[`+items+`]}`)
		}))
		defer s.Close()
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		cert := write(t, t.TempDir(), "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
		t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
		try(t, cert, bulkStream("AmazonopensearchserviceDestinationConfiguration", "", "", 300), s.Listener.Addr().String(), "AmazonOpenSearchService-failed", "InternalError", documentMembers)
		if wrong != "" {
			t.Error(wrong)
		}
	})
}
