// Package chain finds region, credentials and endpoints as the AWS command line does: environment, profiles, single
// sign-on, roles, the machine's own. It is a package of its own because a function links nothing of that.
package chain

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Load returns the configuration that the environment and the files it names give. Credentials are looked for when
// they are first used.
func Load(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err == nil && cfg.Region == "" {
		err = errors.New("aws: no region: set AWS_REGION, or region in the profile")
	}
	return cfg, err
}
