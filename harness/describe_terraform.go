package harness

import (
	"fmt"
	"strings"

	"github.com/hydrantkit/hydrant/internal/template"
)

// An argument says what an argument or block of a Terraform resource is called in the API.
type argument struct {
	name   string
	old    string     // its name in earlier versions of the provider
	path   string     // the member it becomes, with those around it: "BufferingHints.SizeInMBs"; "" for one that says nothing here
	def    string     // what the provider sends where it is absent; "" for nothing
	form   form       // how it is written
	blocks []argument // of a block
}

type form uint8

const (
	attribute form = iota
	block          // at most one
	blocks         // any number, a list in the API
	foreign        // a block that isn't looked into
	tags           // a map of keys to values
	gate           // an attribute that, unless true, makes the block around it absent
)

// renames are the resources that have other names in Terraform than in the API: the type in CloudFormation, and their
// arguments. This is the schema of the provider hashicorp/aws, versions 3 to 6, with the defaults that differ from the
// API's or may collide with its rules: the provider sends 5 MiB also where conversion wants 64.
var renames = map[string]struct {
	typ       string
	arguments []argument
}{
	terraformStreamType: {streamType, []argument{
		{name: "name", path: "DeliveryStreamName"},
		{name: "destination"}, {name: "arn"}, {name: "id"}, {name: "destination_id"}, {name: "version_id"}, {name: "region"}, {name: "tags_all"}, {name: "timeouts", form: foreign},
		{name: "tags", path: "Tags", form: tags},
		{name: "kinesis_source_configuration", path: "KinesisStreamSourceConfiguration", form: block, blocks: []argument{
			{name: "kinesis_stream_arn", path: "KinesisStreamARN"}, {name: "role_arn", path: "RoleARN"},
		}},
		{name: "msk_source_configuration", path: "MSKSourceConfiguration", form: block, blocks: []argument{
			{name: "msk_cluster_arn", path: "MSKClusterARN"}, {name: "topic_name", path: "TopicName"}, {name: "read_from_timestamp", path: "ReadFromTimestamp"},
			{name: "authentication_configuration", path: "AuthenticationConfiguration", form: block, blocks: []argument{
				{name: "connectivity", path: "Connectivity"}, {name: "role_arn", path: "RoleARN"},
			}},
		}},
		{name: "server_side_encryption", path: "DeliveryStreamEncryptionConfigurationInput", form: block, blocks: []argument{
			{name: "enabled", form: gate}, {name: "key_type", path: "KeyType", def: "AWS_OWNED_CMK"}, {name: "key_arn", path: "KeyARN"},
		}},
		{name: "s3_configuration", path: "S3DestinationConfiguration", form: block, blocks: s3Arguments},
		{name: "extended_s3_configuration", path: "ExtendedS3DestinationConfiguration", form: block, blocks: append([]argument{
			{name: "custom_time_zone", path: "CustomTimeZone"},
			{name: "file_extension", path: "FileExtension"},
			{name: "s3_backup_mode", path: "S3BackupMode"},
			{name: "s3_backup_configuration", path: "S3BackupConfiguration", form: block, blocks: s3Arguments},
			{name: "dynamic_partitioning_configuration", path: "DynamicPartitioningConfiguration", form: block, blocks: []argument{
				{name: "enabled", path: "Enabled"}, {name: "retry_duration", path: "RetryOptions.DurationInSeconds"},
			}},
			processingArgument,
			{name: "data_format_conversion_configuration", path: "DataFormatConversionConfiguration", form: block, blocks: conversionArguments},
		}, s3Arguments...)},
		{name: "splunk_configuration", path: "SplunkDestinationConfiguration", form: block, blocks: splunkArguments},
		{name: "redshift_configuration", path: "RedshiftDestinationConfiguration", form: block, blocks: redshiftArguments},
		{name: "elasticsearch_configuration", path: "ElasticsearchDestinationConfiguration", form: block, blocks: openSearchArguments},
		{name: "opensearch_configuration", path: "AmazonopensearchserviceDestinationConfiguration", form: block, blocks: openSearchArguments},
		{name: "opensearchserverless_configuration", path: "AmazonOpenSearchServerlessDestinationConfiguration", form: block, blocks: serverlessArguments},
		{name: "http_endpoint_configuration", path: "HttpEndpointDestinationConfiguration", form: block, blocks: httpEndpointArguments},
		{name: "iceberg_configuration", path: "IcebergDestinationConfiguration", form: block, blocks: icebergArguments},
		{name: "snowflake_configuration", path: "SnowflakeDestinationConfiguration", form: block, blocks: snowflakeArguments},
	}},
	"aws_lambda_function": {"AWS::Lambda::Function", []argument{
		{name: "function_name", path: "FunctionName"}, {name: "handler", path: "Handler"}, {name: "runtime", path: "Runtime"},
		{name: "timeout", path: "Timeout"}, {name: "memory_size", path: "MemorySize"}, {name: "architectures", path: "Architectures"},
		{name: "environment", path: "Environment", form: block, blocks: []argument{{name: "variables", path: "Variables"}}},
	}},
}

// s3Arguments are those of every S3 configuration.
var s3Arguments = []argument{
	{name: "role_arn", path: "RoleARN"},
	{name: "bucket_arn", path: "BucketARN"},
	{name: "prefix", path: "Prefix"},
	{name: "error_output_prefix", path: "ErrorOutputPrefix"},
	{name: "buffering_size", old: "buffer_size", path: "BufferingHints.SizeInMBs", def: "5"},
	{name: "buffering_interval", old: "buffer_interval", path: "BufferingHints.IntervalInSeconds", def: "300"},
	{name: "compression_format", path: "CompressionFormat"},
	{name: "kms_key_arn", path: "EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN"},
	loggingArgument,
}

// What the configurations of all destinations have.
var (
	processingArgument = argument{name: "processing_configuration", path: "ProcessingConfiguration", form: block, blocks: []argument{
		{name: "enabled", path: "Enabled"},
		{name: "processors", path: "Processors", form: blocks, blocks: []argument{
			{name: "type", path: "Type"},
			{name: "parameters", path: "Parameters", form: blocks, blocks: []argument{
				{name: "parameter_name", path: "ParameterName"}, {name: "parameter_value", path: "ParameterValue"},
			}},
		}},
	}}
	loggingArgument = argument{name: "cloudwatch_logging_options", path: "CloudWatchLoggingOptions", form: block, blocks: []argument{
		{name: "enabled", path: "Enabled"}, {name: "log_group_name", path: "LogGroupName"}, {name: "log_stream_name", path: "LogStreamName"},
	}}
	secretArgument = argument{name: "secrets_manager_configuration", path: "SecretsManagerConfiguration", form: block, blocks: []argument{
		{name: "enabled", path: "Enabled", def: "false"}, {name: "secret_arn", path: "SecretARN"}, {name: "role_arn", path: "RoleARN"},
	}}
	failedArgument = argument{name: "s3_configuration", path: "S3Configuration", form: block, blocks: s3Arguments}
)

var httpEndpointArguments = []argument{
	{name: "url", path: "EndpointConfiguration.Url"}, {name: "name", path: "EndpointConfiguration.Name"}, {name: "access_key", path: "EndpointConfiguration.AccessKey"},
	{name: "buffering_size", path: "BufferingHints.SizeInMBs", def: "5"},
	{name: "buffering_interval", path: "BufferingHints.IntervalInSeconds", def: "300"},
	{name: "role_arn", path: "RoleARN"},
	{name: "retry_duration", path: "RetryOptions.DurationInSeconds", def: "300"},
	{name: "s3_backup_mode", path: "S3BackupMode"},
	{name: "request_configuration", path: "RequestConfiguration", form: block, blocks: []argument{
		{name: "content_encoding", path: "ContentEncoding"},
		{name: "common_attributes", path: "CommonAttributes", form: blocks, blocks: []argument{
			{name: "name", path: "AttributeName"}, {name: "value", path: "AttributeValue"},
		}},
	}},
	failedArgument, processingArgument, loggingArgument, secretArgument,
}

// bulkArguments are those of OpenSearch, Elasticsearch and Serverless.
var bulkArguments = []argument{
	{name: "index_name", path: "IndexName"}, {name: "role_arn", path: "RoleARN"},
	{name: "buffering_size", path: "BufferingHints.SizeInMBs", def: "5"},
	{name: "buffering_interval", path: "BufferingHints.IntervalInSeconds", def: "300"},
	{name: "retry_duration", path: "RetryOptions.DurationInSeconds", def: "300"},
	{name: "s3_backup_mode", path: "S3BackupMode"},
	{name: "vpc_config", path: "VpcConfiguration", form: block, blocks: []argument{
		{name: "subnet_ids", path: "SubnetIds"}, {name: "security_group_ids", path: "SecurityGroupIds"}, {name: "role_arn", path: "RoleARN"}, {name: "vpc_id"},
	}},
	failedArgument, processingArgument, loggingArgument,
}

var openSearchArguments = append([]argument{
	{name: "domain_arn", path: "DomainARN"}, {name: "cluster_endpoint", path: "ClusterEndpoint"}, {name: "type_name", path: "TypeName"},
	{name: "index_rotation_period", path: "IndexRotationPeriod"},
	{name: "document_id_options", path: "DocumentIdOptions", form: block, blocks: []argument{{name: "default_document_id_format", path: "DefaultDocumentIdFormat"}}},
}, bulkArguments...)

var serverlessArguments = append([]argument{{name: "collection_endpoint", path: "CollectionEndpoint"}}, bulkArguments...)

var icebergArguments = []argument{
	{name: "append_only", path: "AppendOnly"}, {name: "catalog_arn", path: "CatalogConfiguration.CatalogARN"}, {name: "role_arn", path: "RoleARN"},
	{name: "buffering_size", path: "BufferingHints.SizeInMBs", def: "5"},
	{name: "buffering_interval", path: "BufferingHints.IntervalInSeconds", def: "300"},
	{name: "retry_duration", path: "RetryOptions.DurationInSeconds", def: "300"},
	{name: "s3_backup_mode", path: "S3BackupMode"},
	{name: "destination_table_configuration", path: "DestinationTableConfigurationList", form: blocks, blocks: []argument{
		{name: "database_name", path: "DestinationDatabaseName"}, {name: "table_name", path: "DestinationTableName"},
		{name: "unique_keys", path: "UniqueKeys"}, {name: "s3_error_output_prefix", path: "S3ErrorOutputPrefix"},
		{name: "partition_spec", path: "PartitionSpec", form: block, blocks: []argument{
			{name: "identity", path: "Identity", form: blocks, blocks: []argument{{name: "source_name", path: "SourceName"}}},
		}},
	}},
	failedArgument, processingArgument, loggingArgument,
}

var splunkArguments = []argument{
	{name: "hec_endpoint", path: "HECEndpoint"},
	{name: "hec_endpoint_type", path: "HECEndpointType", def: "Raw"},
	{name: "hec_token", path: "HECToken"},
	{name: "hec_acknowledgment_timeout", path: "HECAcknowledgmentTimeoutInSeconds", def: "180"},
	{name: "buffering_size", path: "BufferingHints.SizeInMBs", def: "5"},
	{name: "buffering_interval", path: "BufferingHints.IntervalInSeconds", def: "60"},
	{name: "retry_duration", path: "RetryOptions.DurationInSeconds", def: "3600"},
	{name: "s3_backup_mode", path: "S3BackupMode"},
	failedArgument, processingArgument, loggingArgument, secretArgument,
}

var redshiftArguments = []argument{
	{name: "role_arn", path: "RoleARN"},
	{name: "cluster_jdbcurl", path: "ClusterJDBCURL"},
	{name: "username", path: "Username"}, {name: "password", path: "Password"},
	{name: "data_table_name", path: "CopyCommand.DataTableName"},
	{name: "data_table_columns", path: "CopyCommand.DataTableColumns"},
	{name: "copy_options", path: "CopyCommand.CopyOptions"},
	{name: "retry_duration", path: "RetryOptions.DurationInSeconds", def: "3600"},
	{name: "s3_backup_mode", path: "S3BackupMode"},
	{name: "s3_backup_configuration", path: "S3BackupConfiguration", form: block, blocks: s3Arguments},
	failedArgument, processingArgument, loggingArgument, secretArgument,
}

var snowflakeArguments = []argument{
	{name: "account_url", path: "AccountUrl"}, {name: "database", path: "Database"}, {name: "schema", path: "Schema"}, {name: "table", path: "Table"},
	{name: "user", path: "User"}, {name: "private_key", path: "PrivateKey"}, {name: "key_passphrase", path: "KeyPassphrase"},
	{name: "data_loading_option", path: "DataLoadingOption"},
	{name: "content_column_name", path: "ContentColumnName"}, {name: "metadata_column_name", path: "MetaDataColumnName"},
	{name: "buffering_size", path: "BufferingHints.SizeInMBs", def: "1"},
	{name: "buffering_interval", path: "BufferingHints.IntervalInSeconds", def: "0"},
	{name: "role_arn", path: "RoleARN"},
	{name: "retry_duration", path: "RetryOptions.DurationInSeconds", def: "60"},
	{name: "s3_backup_mode", path: "S3BackupMode"},
	{name: "snowflake_role_configuration", path: "SnowflakeRoleConfiguration", form: block, blocks: []argument{
		{name: "enabled", path: "Enabled"}, {name: "snowflake_role", path: "SnowflakeRole"},
	}},
	{name: "snowflake_vpc_configuration", path: "SnowflakeVpcConfiguration", form: block, blocks: []argument{
		{name: "private_link_vpce_id", path: "PrivateLinkVpceId"},
	}},
	failedArgument, processingArgument, loggingArgument, secretArgument,
}

var conversionArguments = []argument{
	{name: "enabled", path: "Enabled"},
	{name: "schema_configuration", path: "SchemaConfiguration", form: block, blocks: []argument{
		{name: "catalog_id", path: "CatalogId"}, {name: "database_name", path: "DatabaseName"}, {name: "region", path: "Region"},
		{name: "role_arn", path: "RoleARN"}, {name: "table_name", path: "TableName"}, {name: "version_id", path: "VersionId"},
	}},
	{name: "input_format_configuration", path: "InputFormatConfiguration", form: block, blocks: []argument{
		{name: "deserializer", path: "Deserializer", form: block, blocks: []argument{
			{name: "hive_json_ser_de", path: "HiveJsonSerDe", form: block, blocks: []argument{{name: "timestamp_formats", path: "TimestampFormats"}}},
			{name: "open_x_json_ser_de", path: "OpenXJsonSerDe", form: block, blocks: []argument{
				{name: "case_insensitive", path: "CaseInsensitive"},
				{name: "column_to_json_key_mappings", path: "ColumnToJsonKeyMappings"},
				{name: "convert_dots_in_json_keys_to_underscores", path: "ConvertDotsInJsonKeysToUnderscores"},
			}},
		}},
	}},
	{name: "output_format_configuration", path: "OutputFormatConfiguration", form: block, blocks: []argument{
		{name: "serializer", path: "Serializer", form: block, blocks: []argument{
			{name: "parquet_ser_de", path: "ParquetSerDe", form: block, blocks: []argument{
				{name: "block_size_bytes", path: "BlockSizeBytes"}, {name: "compression", path: "Compression"},
				{name: "enable_dictionary_compression", path: "EnableDictionaryCompression"}, {name: "max_padding_bytes", path: "MaxPaddingBytes"},
				{name: "page_size_bytes", path: "PageSizeBytes"}, {name: "writer_version", path: "WriterVersion"},
			}},
			{name: "orc_ser_de", path: "OrcSerDe", form: block, blocks: []argument{
				{name: "block_size_bytes", path: "BlockSizeBytes"}, {name: "bloom_filter_columns", path: "BloomFilterColumns"},
				{name: "bloom_filter_false_positive_probability", path: "BloomFilterFalsePositiveProbability"}, {name: "compression", path: "Compression"},
				{name: "dictionary_key_threshold", path: "DictionaryKeyThreshold", def: "0"}, {name: "enable_padding", path: "EnablePadding"},
				{name: "format_version", path: "FormatVersion"}, {name: "padding_tolerance", path: "PaddingTolerance"},
				{name: "row_index_stride", path: "RowIndexStride"}, {name: "stripe_size_bytes", path: "StripeSizeBytes"},
			}},
		}},
	}},
}

// renamed is a resource with CloudFormation's type and names of properties, which for a stream are the API's. Values
// keep their places. A resource of CloudFormation's is returned as it is.
func renamed(r *template.Resource) (*template.Resource, error) {
	to, ok := renames[r.Type]
	if !ok {
		return r, nil
	}
	n, err := rename(r.Properties, to.arguments, r.Type != terraformStreamType)
	if err != nil {
		return nil, err
	}
	if r.Type == terraformStreamType {
		if n, err = chosen(n, r.Properties.Get("destination")); err != nil {
			return nil, err
		}
	}
	out := *r
	out.Type, out.Properties = to.typ, n
	return &out, nil
}

// rename makes the API's map of a block. An argument that the table lacks is refused, unless others may be there.
func rename(n *template.Node, arguments []argument, others bool) (*template.Node, error) {
	out := &template.Node{Kind: template.Map, Pos: n.Pos}
	given := map[string]bool{}
	open := true // no gate, or one that is open
	for _, m := range n.Members {
		a := findArgument(arguments, m.Key)
		switch {
		case a == nil && (others || unset(m.Value)):
			continue
		case a == nil:
			return nil, &template.Error{Pos: m.KeyPos, Msg: fmt.Sprintf("an argument named %s is not expected here; known are %s", m.Key, argumentNames(arguments))}
		case a.form == gate:
			on, err := m.Value.Bool()
			open = err == nil && on
			given[a.name] = true
			continue
		case a.path == "" || unset(m.Value):
			continue
		}
		v, err := a.value(m)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		given[a.name] = true
		place(out, strings.Split(a.path, "."), m.KeyPos, v)
	}
	for _, a := range arguments {
		if a.form == gate && !given[a.name] {
			open = false
		}
		if a.def != "" && !given[a.name] {
			place(out, strings.Split(a.path, "."), n.Pos, &template.Node{Kind: template.String, Text: a.def, Pos: n.Pos})
		}
	}
	if !open {
		return nil, nil
	}
	return out, nil
}

// unset reports whether an argument is as good as absent: the provider doesn't send an empty text or list.
func unset(n *template.Node) bool {
	return n.IsNull() || n.Kind == template.String && n.Text == "" || n.Kind == template.List && len(n.Items) == 0 || n.Kind == template.Map && len(n.Members) == 0
}

func findArgument(arguments []argument, name string) *argument {
	for i := range arguments {
		if a := &arguments[i]; a.name == name || a.old != "" && a.old == name {
			return a
		}
	}
	return nil
}

func argumentNames(arguments []argument) string {
	var names []string
	for _, a := range arguments {
		names = append(names, a.name)
	}
	return strings.Join(names, ", ")
}

// value is what the API has for an argument that is set; nil for nothing.
func (a *argument) value(m template.Member) (*template.Node, error) {
	v := m.Value
	if v.Kind == template.Unresolved || a.form == attribute || a.form == foreign {
		return v, nil
	}
	if a.form == tags {
		list := &template.Node{Kind: template.List, Pos: v.Pos}
		for _, t := range v.Members {
			pair := &template.Node{Kind: template.Map, Pos: t.KeyPos}
			place(pair, []string{"Key"}, t.KeyPos, &template.Node{Kind: template.String, Text: t.Key, Pos: t.KeyPos})
			place(pair, []string{"Value"}, t.KeyPos, t.Value)
			list.Items = append(list.Items, pair)
		}
		return list, nil
	}
	if v.Kind != template.List {
		return nil, v.Errorf("%s where a block %s is wanted", v.Kind, a.name)
	}
	if a.form == block && len(v.Items) > 1 {
		return nil, v.Items[1].Errorf("a second block %s", a.name)
	}
	out := &template.Node{Kind: template.List, Pos: v.Pos}
	for _, item := range v.Items {
		switch item.Kind {
		case template.Unresolved:
		case template.Null: // a block without arguments, in terraform show
			item = &template.Node{Kind: template.Map, Pos: v.Pos}
			fallthrough
		case template.Map:
			var err error
			if item, err = rename(item, a.blocks, false); err != nil {
				return nil, err
			}
		default:
			return nil, item.Errorf("%s where a block %s is wanted", item.Kind, a.name)
		}
		if a.form == block {
			return item, nil
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// place sets the value at a path of n, making the maps on the way. n and what place made in it are nobody else's yet.
func place(n *template.Node, path []string, at template.Pos, v *template.Node) {
	for i, key := range path {
		last := i == len(path)-1
		next := n.Get(key)
		if next == nil || last {
			if next = v; !last {
				next = &template.Node{Kind: template.Map, Pos: at}
			}
			n.Members = append(n.Members, template.Member{Key: key, KeyPos: at, Value: next})
		}
		n = next
	}
}

// chosen keeps, of the blocks of destinations, the one that the argument destination names, as the provider does, and says
// where the stream reads from.
func chosen(n, destination *template.Node) (*template.Node, error) {
	kind := "DirectPut"
	for _, source := range []struct{ member, kind string }{
		{"KinesisStreamSourceConfiguration", "KinesisStreamAsSource"}, {"MSKSourceConfiguration", "MSKAsSource"},
	} {
		if !n.Get(source.member).IsNull() {
			kind = source.kind
		}
	}
	place(n, []string{"DeliveryStreamType"}, n.Pos, &template.Node{Kind: template.String, Text: kind, Pos: n.Pos})
	if destination.IsNull() || destination.Kind == template.Unresolved {
		return n, nil // the block that there is
	}
	name, err := destination.Str()
	if err != nil {
		return nil, err
	}
	name = strings.ToLower(name) + "_configuration"
	wanted := findArgument(renames[terraformStreamType].arguments, name)
	if wanted == nil || !strings.HasSuffix(wanted.path, "DestinationConfiguration") {
		return nil, destination.Errorf("the destination %s is not known", destination.Text)
	}
	if n.Get(wanted.path).IsNull() {
		return nil, destination.Errorf("the destination is %s, and there is no block %s", destination.Text, name)
	}
	out := &template.Node{Kind: template.Map, Pos: n.Pos}
	for _, m := range n.Members {
		if m.Key == wanted.path || !strings.HasSuffix(m.Key, "DestinationConfiguration") {
			out.Members = append(out.Members, m)
		}
	}
	return out, nil
}
