package api

import "math"

// Patterns that several members share.
const (
	roleARN  = `arn:.*:iam::\d{12}:role/[a-zA-Z_0-9+=,.@\-_/]+`
	keyARN   = `arn:.*:kms:[a-zA-Z0-9\-]+:\d{12}:(key|alias)/[a-zA-Z_0-9+=,.@\-_/]+`
	noSpace  = `^\S+$`
	notBlank = `^(?!\s*$).+`

	hostLabel = `(?!-)[A-Za-z0-9-]{1,63}(?<!-)`
)

// compressionFormats are in the order in which the service lists them (sources.md §1).
var compressionFormats = enum("ZIP", "HADOOP_SNAPPY", "Snappy", "GZIP", "UNCOMPRESSED")

// shapes are the structures of a request of CreateDeliveryStream, from the service's model
// (api-shapes.md).
var shapes = map[string][]member{
	"CreateDeliveryStreamInput": {
		{"DeliveryStreamName", required, text(1, 64, `[a-zA-Z0-9_.-]+`)},
		{"DeliveryStreamType", optional, enum("DirectPut", "KinesisStreamAsSource", "MSKAsSource", "DatabaseAsSource")},
		{"DirectPutSourceConfiguration", optional, object("DirectPutSourceConfiguration")},
		{"KinesisStreamSourceConfiguration", optional, object("KinesisStreamSourceConfiguration")},
		{"DeliveryStreamEncryptionConfigurationInput", optional, object("DeliveryStreamEncryptionConfigurationInput")},
		{"S3DestinationConfiguration", optional, object("S3DestinationConfiguration")},
		{"ExtendedS3DestinationConfiguration", optional, object("ExtendedS3DestinationConfiguration")},
		{"RedshiftDestinationConfiguration", optional, object("RedshiftDestinationConfiguration")},
		{"ElasticsearchDestinationConfiguration", optional, object("ElasticsearchDestinationConfiguration")},
		{"AmazonopensearchserviceDestinationConfiguration", optional, object("AmazonopensearchserviceDestinationConfiguration")},
		{"SplunkDestinationConfiguration", optional, object("SplunkDestinationConfiguration")},
		{"HttpEndpointDestinationConfiguration", optional, object("HttpEndpointDestinationConfiguration")},
		{"Tags", optional, list(1, 50, object("Tag"))},
		{"AmazonOpenSearchServerlessDestinationConfiguration", optional, object("AmazonOpenSearchServerlessDestinationConfiguration")},
		{"MSKSourceConfiguration", optional, object("MSKSourceConfiguration")},
		{"SnowflakeDestinationConfiguration", optional, object("SnowflakeDestinationConfiguration")},
		{"IcebergDestinationConfiguration", optional, object("IcebergDestinationConfiguration")},
		{"DatabaseSourceConfiguration", optional, opaque},
	},
	"DirectPutSourceConfiguration": {
		{"ThroughputHintInMBs", required, integer(1, 100)},
	},
	"KinesisStreamSourceConfiguration": {
		{"KinesisStreamARN", required, text(1, 512, `arn:.*:kinesis:[a-zA-Z0-9\-]+:\d{12}:stream/[a-zA-Z0-9_.-]+`)},
		{"RoleARN", required, text(1, 512, roleARN)},
	},
	"MSKSourceConfiguration": {
		{"MSKClusterARN", required, text(1, 512, `arn:.*`)},
		{"TopicName", required, text(1, 255, `[a-zA-Z0-9\\._\\-]+`)},
		{"AuthenticationConfiguration", required, object("AuthenticationConfiguration")},
		{"ReadFromTimestamp", optional, timestamp},
	},
	"AuthenticationConfiguration": {
		{"RoleARN", required, text(1, 512, roleARN)},
		{"Connectivity", required, enum("PUBLIC", "PRIVATE")},
	},
	"DeliveryStreamEncryptionConfigurationInput": {
		{"KeyARN", optional, text(1, 512, keyARN)},
		{"KeyType", required, enum("AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK")},
	},
	"Tag": {
		{"Key", required, text(1, 128, `^(?!aws:)[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$`)},
		{"Value", optional, text(0, 256, `^[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$`)},
	},
	"S3DestinationConfiguration": {
		{"RoleARN", required, text(1, 512, roleARN)},
		{"BucketARN", required, text(1, 2048, `arn:.*:s3:::[\w\.\-]{1,255}`)},
		{"Prefix", optional, text(0, 1024, "")},
		{"ErrorOutputPrefix", optional, text(0, 1024, "")},
		{"BufferingHints", optional, object("BufferingHints")},
		{"CompressionFormat", optional, compressionFormats},
		{"EncryptionConfiguration", optional, object("EncryptionConfiguration")},
		{"CloudWatchLoggingOptions", optional, object("CloudWatchLoggingOptions")},
	},
	"ExtendedS3DestinationConfiguration": {
		{"RoleARN", required, text(1, 512, roleARN)},
		{"BucketARN", required, text(1, 2048, `arn:.*:s3:::[\w\.\-]{1,255}`)},
		{"Prefix", optional, text(0, 1024, "")},
		{"ErrorOutputPrefix", optional, text(0, 1024, "")},
		{"BufferingHints", optional, object("BufferingHints")},
		{"CompressionFormat", optional, compressionFormats},
		{"EncryptionConfiguration", optional, object("EncryptionConfiguration")},
		{"CloudWatchLoggingOptions", optional, object("CloudWatchLoggingOptions")},
		{"ProcessingConfiguration", optional, object("ProcessingConfiguration")},
		{"S3BackupMode", optional, enum("Disabled", "Enabled")},
		{"S3BackupConfiguration", optional, object("S3DestinationConfiguration")},
		{"DataFormatConversionConfiguration", optional, object("DataFormatConversionConfiguration")},
		{"DynamicPartitioningConfiguration", optional, object("DynamicPartitioningConfiguration")},
		{"FileExtension", optional, text(0, 128, `^$|\.[0-9a-z!\-_.*'()]+`)},
		{"CustomTimeZone", optional, text(0, 50, `^$|[a-zA-Z/_]+`)},
	},
	"HttpEndpointDestinationConfiguration": {
		{"EndpointConfiguration", required, object("HttpEndpointConfiguration")},
		{"BufferingHints", optional, object("HttpEndpointBufferingHints")},
		{"CloudWatchLoggingOptions", optional, object("CloudWatchLoggingOptions")},
		{"RequestConfiguration", optional, object("HttpEndpointRequestConfiguration")},
		{"ProcessingConfiguration", optional, object("ProcessingConfiguration")},
		{"RoleARN", optional, text(1, 512, roleARN)},
		{"RetryOptions", optional, object("HttpEndpointRetryOptions")},
		{"S3BackupMode", optional, enum("FailedDataOnly", "AllData")},
		{"S3Configuration", required, object("S3DestinationConfiguration")},
		{"SecretsManagerConfiguration", optional, object("SecretsManagerConfiguration")},
	},
	"HttpEndpointConfiguration": {
		{"Url", required, text(1, 1000, `https://.*`)},
		{"Name", optional, text(1, 256, notBlank)},
		{"AccessKey", optional, text(0, 4096, "")},
	},
	"HttpEndpointBufferingHints": {
		{"SizeInMBs", optional, integer(1, 64)},
		{"IntervalInSeconds", optional, integer(0, 900)},
	},
	"HttpEndpointRequestConfiguration": {
		{"ContentEncoding", optional, enum("NONE", "GZIP")},
		{"CommonAttributes", optional, list(0, 50, object("HttpEndpointCommonAttribute"))},
	},
	"HttpEndpointCommonAttribute": {
		{"AttributeName", required, text(1, 256, notBlank)},
		{"AttributeValue", required, text(0, 1024, "")},
	},
	"AmazonopensearchserviceDestinationConfiguration": {
		{"RoleARN", required, text(1, 512, roleARN)},
		{"DomainARN", optional, text(1, 512, `arn:.*:es:[a-zA-Z0-9\-]+:\d{12}:domain/[a-z][-0-9a-z]{2,27}`)},
		{"ClusterEndpoint", optional, text(1, 512, `https:.*`)},
		{"IndexName", required, text(1, 80, "")},
		{"TypeName", optional, text(0, 100, "")},
		{"IndexRotationPeriod", optional, enum("NoRotation", "OneHour", "OneDay", "OneWeek", "OneMonth")},
		{"BufferingHints", optional, object("AmazonopensearchserviceBufferingHints")},
		{"RetryOptions", optional, object("AmazonopensearchserviceRetryOptions")},
		{"S3BackupMode", optional, enum("FailedDocumentsOnly", "AllDocuments")},
		{"S3Configuration", required, object("S3DestinationConfiguration")},
		{"ProcessingConfiguration", optional, object("ProcessingConfiguration")},
		{"CloudWatchLoggingOptions", optional, object("CloudWatchLoggingOptions")},
		{"VpcConfiguration", optional, object("VpcConfiguration")},
		{"DocumentIdOptions", optional, object("DocumentIdOptions")},
	},
	"AmazonopensearchserviceBufferingHints": {
		{"IntervalInSeconds", optional, integer(0, 900)},
		{"SizeInMBs", optional, integer(1, 100)},
	},
	"ElasticsearchDestinationConfiguration": {
		{"RoleARN", required, text(1, 512, roleARN)},
		{"DomainARN", optional, text(1, 512, `arn:.*:es:[a-zA-Z0-9\-]+:\d{12}:domain/[a-z][-0-9a-z]{2,27}`)},
		{"ClusterEndpoint", optional, text(1, 512, `https:.*`)},
		{"IndexName", required, text(1, 80, "")},
		{"TypeName", optional, text(0, 100, "")},
		{"IndexRotationPeriod", optional, enum("NoRotation", "OneHour", "OneDay", "OneWeek", "OneMonth")},
		{"BufferingHints", optional, object("ElasticsearchBufferingHints")},
		{"RetryOptions", optional, object("ElasticsearchRetryOptions")},
		{"S3BackupMode", optional, enum("FailedDocumentsOnly", "AllDocuments")},
		{"S3Configuration", required, object("S3DestinationConfiguration")},
		{"ProcessingConfiguration", optional, object("ProcessingConfiguration")},
		{"CloudWatchLoggingOptions", optional, object("CloudWatchLoggingOptions")},
		{"VpcConfiguration", optional, object("VpcConfiguration")},
		{"DocumentIdOptions", optional, object("DocumentIdOptions")},
	},
	"ElasticsearchBufferingHints": {
		{"IntervalInSeconds", optional, integer(0, 900)},
		{"SizeInMBs", optional, integer(1, 100)},
	},
	"AmazonOpenSearchServerlessDestinationConfiguration": {
		{"RoleARN", required, text(1, 512, roleARN)},
		{"CollectionEndpoint", optional, text(1, 512, `https:.*`)},
		{"IndexName", required, text(1, 80, "")},
		{"BufferingHints", optional, object("AmazonOpenSearchServerlessBufferingHints")},
		{"RetryOptions", optional, object("AmazonOpenSearchServerlessRetryOptions")},
		{"S3BackupMode", optional, enum("FailedDocumentsOnly", "AllDocuments")},
		{"S3Configuration", required, object("S3DestinationConfiguration")},
		{"ProcessingConfiguration", optional, object("ProcessingConfiguration")},
		{"CloudWatchLoggingOptions", optional, object("CloudWatchLoggingOptions")},
		{"VpcConfiguration", optional, object("VpcConfiguration")},
	},
	"AmazonOpenSearchServerlessBufferingHints": {
		{"IntervalInSeconds", optional, integer(0, 900)},
		{"SizeInMBs", optional, integer(1, 100)},
	},
	"DocumentIdOptions": {
		{"DefaultDocumentIdFormat", required, enum("FIREHOSE_DEFAULT", "NO_DOCUMENT_ID")},
	},
	"VpcConfiguration": {
		{"SubnetIds", required, list(1, 16, text(1, 1024, `^\S+$`))},
		{"RoleARN", required, text(1, 512, roleARN)},
		{"SecurityGroupIds", required, list(1, 5, text(1, 1024, `^\S+$`))},
	},
	"SplunkDestinationConfiguration": {
		{"HECEndpoint", required, text(0, 2048, "")},
		{"HECEndpointType", required, enum("Raw", "Event")},
		{"HECToken", optional, text(0, 2048, "")},
		{"HECAcknowledgmentTimeoutInSeconds", optional, integer(180, 600)},
		{"RetryOptions", optional, object("SplunkRetryOptions")},
		{"S3BackupMode", optional, enum("FailedEventsOnly", "AllEvents")},
		{"S3Configuration", required, object("S3DestinationConfiguration")},
		{"ProcessingConfiguration", optional, object("ProcessingConfiguration")},
		{"CloudWatchLoggingOptions", optional, object("CloudWatchLoggingOptions")},
		{"BufferingHints", optional, object("SplunkBufferingHints")},
		{"SecretsManagerConfiguration", optional, object("SecretsManagerConfiguration")},
	},
	"SplunkBufferingHints": {
		{"IntervalInSeconds", optional, integer(0, 60)},
		{"SizeInMBs", optional, integer(1, 5)},
	},
	"RedshiftDestinationConfiguration": {
		{"RoleARN", required, text(1, 512, roleARN)},
		{"ClusterJDBCURL", required, text(1, 512, `jdbc:(redshift|postgresql)://(`+hostLabel+`\.)+(redshift(-serverless)?)\.([a-zA-Z0-9\.\-]+):\d{1,5}/[a-zA-Z0-9_$-]+`)},
		{"CopyCommand", required, object("CopyCommand")},
		{"Username", optional, text(1, 512, "")},
		{"Password", optional, text(6, 512, "")},
		{"RetryOptions", optional, object("RedshiftRetryOptions")},
		{"S3Configuration", required, object("S3DestinationConfiguration")},
		{"ProcessingConfiguration", optional, object("ProcessingConfiguration")},
		{"S3BackupMode", optional, enum("Disabled", "Enabled")},
		{"S3BackupConfiguration", optional, object("S3DestinationConfiguration")},
		{"CloudWatchLoggingOptions", optional, object("CloudWatchLoggingOptions")},
		{"SecretsManagerConfiguration", optional, object("SecretsManagerConfiguration")},
	},
	"RedshiftRetryOptions": {
		{"DurationInSeconds", optional, integer(0, 7200)},
	},
	"CopyCommand": {
		{"DataTableName", required, text(1, 512, "")},
		{"DataTableColumns", optional, text(0, 10240, "")},
		{"CopyOptions", optional, text(0, 10240, "")},
	},
	"SnowflakeDestinationConfiguration": {
		{"AccountUrl", required, text(24, 2048, `.+?\.snowflakecomputing\.com`)},
		{"PrivateKey", optional, text(256, 4096, `^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{2}==|[A-Za-z0-9+\/]{3}=)?$`)},
		{"KeyPassphrase", optional, text(7, 255, "")},
		{"User", optional, text(1, 255, "")},
		{"Database", required, text(1, 255, "")},
		{"Schema", required, text(1, 255, "")},
		{"Table", required, text(1, 255, "")},
		{"SnowflakeRoleConfiguration", optional, object("SnowflakeRoleConfiguration")},
		{"DataLoadingOption", optional, enum("JSON_MAPPING", "VARIANT_CONTENT_MAPPING", "VARIANT_CONTENT_AND_METADATA_MAPPING")},
		{"MetaDataColumnName", optional, text(1, 255, "")},
		{"ContentColumnName", optional, text(1, 255, "")},
		{"SnowflakeVpcConfiguration", optional, object("SnowflakeVpcConfiguration")},
		{"CloudWatchLoggingOptions", optional, object("CloudWatchLoggingOptions")},
		{"ProcessingConfiguration", optional, object("ProcessingConfiguration")},
		{"RoleARN", required, text(1, 512, roleARN)},
		{"RetryOptions", optional, object("SnowflakeRetryOptions")},
		{"S3BackupMode", optional, enum("FailedDataOnly", "AllData")},
		{"S3Configuration", required, object("S3DestinationConfiguration")},
		{"SecretsManagerConfiguration", optional, object("SecretsManagerConfiguration")},
		{"BufferingHints", optional, object("SnowflakeBufferingHints")},
	},
	"SnowflakeRetryOptions": {
		{"DurationInSeconds", optional, integer(0, 7200)},
	},
	"SnowflakeBufferingHints": {
		{"SizeInMBs", optional, integer(1, 128)},
		{"IntervalInSeconds", optional, integer(0, 900)},
	},
	"SnowflakeRoleConfiguration": {
		{"Enabled", optional, boolean},
		{"SnowflakeRole", optional, text(1, 255, "")},
	},
	"SnowflakeVpcConfiguration": {
		{"PrivateLinkVpceId", required, text(47, 255, `([a-zA-Z0-9\-\_]+\.){2,3}vpce\.[a-zA-Z0-9\-]*\.vpce-svc\-[a-zA-Z0-9\-]{17}$`)},
	},
	"SecretsManagerConfiguration": {
		{"SecretARN", optional, text(1, 2048, `arn:.*:secretsmanager:[a-zA-Z0-9\-]+:\d{12}:secret:[a-zA-Z0-9\-/_+=.@!]+`)},
		{"RoleARN", optional, text(1, 512, roleARN)},
		{"Enabled", required, boolean},
	},
	"IcebergDestinationConfiguration": {
		{"DestinationTableConfigurationList", optional, list(0, math.MaxInt64, object("DestinationTableConfiguration"))},
		{"SchemaEvolutionConfiguration", optional, object("SchemaEvolutionConfiguration")},
		{"TableCreationConfiguration", optional, object("TableCreationConfiguration")},
		{"BufferingHints", optional, object("BufferingHints")},
		{"CloudWatchLoggingOptions", optional, object("CloudWatchLoggingOptions")},
		{"ProcessingConfiguration", optional, object("ProcessingConfiguration")},
		{"S3BackupMode", optional, enum("FailedDataOnly", "AllData")},
		{"RetryOptions", optional, object("RetryOptions")},
		{"RoleARN", required, text(1, 512, roleARN)},
		{"AppendOnly", optional, boolean},
		{"CatalogConfiguration", required, object("CatalogConfiguration")},
		{"S3Configuration", required, object("S3DestinationConfiguration")},
	},
	"DestinationTableConfiguration": {
		{"DestinationTableName", required, text(1, 255, `[a-zA-Z0-9\.\_]+`)},
		{"DestinationDatabaseName", required, text(1, 255, `[a-zA-Z0-9\.\_]+`)},
		{"UniqueKeys", optional, list(0, math.MaxInt64, text(1, 1024, noSpace))},
		{"PartitionSpec", optional, object("PartitionSpec")},
		{"S3ErrorOutputPrefix", optional, text(0, 1024, "")},
	},
	"PartitionSpec": {
		{"Identity", optional, list(0, math.MaxInt64, object("PartitionField"))},
	},
	"PartitionField": {
		{"SourceName", required, text(1, 1024, noSpace)},
	},
	"SchemaEvolutionConfiguration": {
		{"Enabled", required, boolean},
	},
	"TableCreationConfiguration": {
		{"Enabled", required, boolean},
	},
	"CatalogConfiguration": {
		{"CatalogARN", optional, text(1, 512, `arn:.*:glue:.*:\d{12}:catalog(?:(/[a-z0-9_-]+){1,2})?`)},
		{"WarehouseLocation", optional, text(1, 2048, `s3:\/\/.*`)},
	},
	"BufferingHints": {
		{"SizeInMBs", optional, integer(1, 128)},
		{"IntervalInSeconds", optional, integer(0, 900)},
	},
	"CloudWatchLoggingOptions": {
		{"Enabled", optional, boolean},
		{"LogGroupName", optional, text(0, 512, `[\.\-_/#A-Za-z0-9]*`)},
		{"LogStreamName", optional, text(0, 512, `[^:*]*`)},
	},
	"EncryptionConfiguration": {
		{"NoEncryptionConfig", optional, enum("NoEncryption")},
		{"KMSEncryptionConfig", optional, object("KMSEncryptionConfig")},
	},
	"KMSEncryptionConfig": {
		{"AWSKMSKeyARN", required, text(1, 512, keyARN)},
	},
	"DynamicPartitioningConfiguration": {
		{"RetryOptions", optional, object("RetryOptions")},
		{"Enabled", optional, boolean},
	},
	"AmazonopensearchserviceRetryOptions": {
		{"DurationInSeconds", optional, integer(0, 7200)},
	},
	"ElasticsearchRetryOptions": {
		{"DurationInSeconds", optional, integer(0, 7200)},
	},
	"AmazonOpenSearchServerlessRetryOptions": {
		{"DurationInSeconds", optional, integer(0, 7200)},
	},
	"HttpEndpointRetryOptions": {
		{"DurationInSeconds", optional, integer(0, 7200)},
	},
	"SplunkRetryOptions": {
		{"DurationInSeconds", optional, integer(0, 7200)},
	},
	"RetryOptions": {
		{"DurationInSeconds", optional, integer(0, 7200)},
	},
	"ProcessingConfiguration": {
		{"Enabled", optional, boolean},
		{"Processors", optional, list(0, math.MaxInt64, object("Processor"))},
	},
	"Processor": {
		{"Type", required, enum("RecordDeAggregation", "Decompression", "CloudWatchLogProcessing", "Lambda", "MetadataExtraction", "AppendDelimiterToRecord")},
		{"Parameters", optional, list(0, math.MaxInt64, object("ProcessorParameter"))},
	},
	"ProcessorParameter": {
		{"ParameterName", required, enum("LambdaArn", "NumberOfRetries", "MetadataExtractionQuery", "JsonParsingEngine", "RoleArn", "BufferSizeInMBs", "BufferIntervalInSeconds", "SubRecordType", "Delimiter", "CompressionFormat", "DataMessageExtraction")},
		{"ParameterValue", required, text(1, 5120, notBlank)},
	},
	"DataFormatConversionConfiguration": {
		{"SchemaConfiguration", optional, object("SchemaConfiguration")},
		{"InputFormatConfiguration", optional, object("InputFormatConfiguration")},
		{"OutputFormatConfiguration", optional, object("OutputFormatConfiguration")},
		{"Enabled", optional, boolean},
	},
	"SchemaConfiguration": {
		{"RoleARN", optional, text(1, 1024, noSpace)},
		{"CatalogId", optional, text(1, 1024, noSpace)},
		{"DatabaseName", optional, text(1, 1024, noSpace)},
		{"TableName", optional, text(1, 1024, noSpace)},
		{"Region", optional, text(1, 1024, noSpace)},
		{"VersionId", optional, text(1, 1024, noSpace)},
	},
	"InputFormatConfiguration": {
		{"Deserializer", optional, object("Deserializer")},
	},
	"Deserializer": {
		{"OpenXJsonSerDe", optional, object("OpenXJsonSerDe")},
		{"HiveJsonSerDe", optional, object("HiveJsonSerDe")},
	},
	"OpenXJsonSerDe": {
		{"ConvertDotsInJsonKeysToUnderscores", optional, boolean},
		{"CaseInsensitive", optional, boolean},
		{"ColumnToJsonKeyMappings", optional, mapping(text(1, 1024, noSpace), text(1, 1024, notBlank))},
	},
	"HiveJsonSerDe": {
		{"TimestampFormats", optional, list(0, math.MaxInt64, text(1, 1024, notBlank))},
	},
	"OutputFormatConfiguration": {
		{"Serializer", optional, object("Serializer")},
	},
	"Serializer": {
		{"ParquetSerDe", optional, object("ParquetSerDe")},
		{"OrcSerDe", optional, object("OrcSerDe")},
	},
	"ParquetSerDe": {
		{"BlockSizeBytes", optional, integer(67108864, math.MaxInt64)},
		{"PageSizeBytes", optional, integer(65536, math.MaxInt64)},
		{"Compression", optional, enum("UNCOMPRESSED", "GZIP", "SNAPPY")},
		{"EnableDictionaryCompression", optional, boolean},
		{"MaxPaddingBytes", optional, integer(0, math.MaxInt64)},
		{"WriterVersion", optional, enum("V1", "V2")},
	},
	"OrcSerDe": {
		{"StripeSizeBytes", optional, integer(8388608, math.MaxInt64)},
		{"BlockSizeBytes", optional, integer(67108864, math.MaxInt64)},
		{"RowIndexStride", optional, integer(1000, math.MaxInt64)},
		{"EnablePadding", optional, boolean},
		{"PaddingTolerance", optional, double(0, 1)},
		{"Compression", optional, enum("NONE", "ZLIB", "SNAPPY")},
		{"BloomFilterColumns", optional, list(0, math.MaxInt64, text(1, 1024, noSpace))},
		{"BloomFilterFalsePositiveProbability", optional, double(0, 1)},
		{"DictionaryKeyThreshold", optional, double(0, 1)},
		{"FormatVersion", optional, enum("V0_11", "V0_12")},
	},
}
