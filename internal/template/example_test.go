package template_test

import (
	"fmt"

	"github.com/hydrantkit/hydrant/internal/template"
)

func Example() {
	t, err := template.ParseTemplate("template.yaml", []byte(`
Parameters:
  Seconds: {Type: Number, Default: 5000}
Resources:
  Logs:
    Type: AWS::S3::Bucket
  Stream:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Logs.Arn
        BufferingHints: {IntervalInSeconds: !Ref Seconds}
`), template.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s3 := t.Resource("Stream").Properties.Get("ExtendedS3DestinationConfiguration")
	arn, err := s3.Get("BucketARN").Str()
	fmt.Println(arn, err)

	interval := s3.Get("BufferingHints", "IntervalInSeconds")
	if seconds, err := interval.Int(); err == nil && seconds > 900 {
		fmt.Println(interval.Errorf("IntervalInSeconds is %d, at most 900 is allowed", seconds))
	}
	// Output:
	// arn:aws:s3:::logs <nil>
	// template.yaml:3:36: IntervalInSeconds is 5000, at most 900 is allowed
}
