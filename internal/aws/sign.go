package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Sign signs a request to a service without a client of its own, at a time: es, aoss.
func Sign(ctx context.Context, credentials aws.CredentialsProvider, r *http.Request, body []byte, service, region string, at time.Time) error {
	c, err := credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash) // aoss wants it
	return v4.NewSigner().SignHTTP(ctx, c, r, hash, service, region, at)
}
