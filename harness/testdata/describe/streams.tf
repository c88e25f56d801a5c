# Every argument of aws_kinesis_firehose_delivery_stream that says something of what is delivered. The same streams are in
# the requests beside this file.

variable "size" {
  type    = number
  default = 128
}

locals {
  prefix = "k=!{partitionKeyFromQuery:k}/"
  processors = {
    RecordDeAggregation = { SubRecordType = "DELIMITED", Delimiter = "IyMjIw==" }
    Lambda = {
      LambdaArn               = "${aws_lambda_function.transform.arn}:$LATEST"
      NumberOfRetries         = "2"
      BufferSizeInMBs         = "0.5"
      BufferIntervalInSeconds = "0"
      RoleArn                 = aws_iam_role.firehose.arn
    }
    MetadataExtraction      = { MetadataExtractionQuery = "{k: .k}", JsonParsingEngine = "JQ-1.6" }
    AppendDelimiterToRecord = {}
    Decompression           = { CompressionFormat = "GZIP" }
  }
}

resource "aws_s3_bucket" "data" {
  bucket = "data"
}

resource "aws_iam_role" "firehose" {
  name = "firehose"
}

resource "aws_kms_key" "key" {}

resource "aws_lambda_function" "transform" {
  function_name = "transform"
  handler       = "bootstrap"
  runtime       = "provided.al2023"
  timeout       = 70
  memory_size   = 256
  filename      = "function.zip"
  role          = aws_iam_role.firehose.arn
  environment {
    variables = {
      STAGE = "test"
    }
  }
}

resource "aws_glue_catalog_table" "events" {
  name          = "events"
  database_name = "logs"
  storage_descriptor {
    columns {
      name = "k"
      type = "string"
    }
    columns {
      name = "at"
      type = "timestamp"
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "full" {
  name        = "full"
  destination = "extended_s3"
  tags        = { Team = "data" }

  server_side_encryption {
    enabled  = true
    key_type = "CUSTOMER_MANAGED_CMK"
    key_arn  = aws_kms_key.key.arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.firehose.arn
    bucket_arn          = aws_s3_bucket.data.arn
    prefix              = local.prefix
    error_output_prefix = "e/!{firehose:error-output-type}/"
    buffering_size      = var.size
    buffering_interval  = 90
    compression_format  = "UNCOMPRESSED"
    kms_key_arn         = aws_kms_key.key.arn
    custom_time_zone    = "Asia/Tokyo"
    file_extension      = ".orc.x"
    s3_backup_mode      = "Enabled"

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = "g"
      log_stream_name = "s"
    }

    s3_backup_configuration {
      role_arn            = aws_iam_role.firehose.arn
      bucket_arn          = "arn:aws:s3:::backup"
      prefix              = "raw/"
      error_output_prefix = "raw-errors/"
      buffering_size      = 7
      buffering_interval  = 61
      compression_format  = "Snappy"
      kms_key_arn         = aws_kms_key.key.arn
    }

    dynamic_partitioning_configuration {
      enabled        = true
      retry_duration = 17
    }

    processing_configuration {
      enabled = true
      dynamic "processors" {
        for_each = local.processors
        content {
          type = processors.key
          dynamic "parameters" {
            for_each = processors.value
            content {
              parameter_name  = parameters.key
              parameter_value = parameters.value
            }
          }
        }
      }
    }

    data_format_conversion_configuration {
      enabled = true
      schema_configuration {
        catalog_id    = "123456789012"
        database_name = aws_glue_catalog_table.events.database_name
        table_name    = aws_glue_catalog_table.events.name
        region        = "eu-west-1"
        role_arn      = aws_iam_role.firehose.arn
        version_id    = "1"
      }
      input_format_configuration {
        deserializer {
          hive_json_ser_de {
            timestamp_formats = ["millis", "yyyy-MM-dd"]
          }
        }
      }
      output_format_configuration {
        serializer {
          orc_ser_de {
            block_size_bytes                        = 67108864
            bloom_filter_columns                    = ["k"]
            bloom_filter_false_positive_probability = 0.1
            compression                             = "ZLIB"
            dictionary_key_threshold                = 0.5
            enable_padding                          = true
            format_version                          = "V0_11"
            padding_tolerance                       = 0.2
            row_index_stride                        = 5000
            stripe_size_bytes                       = 8388608
          }
        }
      }
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "kinesis" {
  name        = "kinesis"
  destination = "extended_s3"
  kinesis_source_configuration {
    kinesis_stream_arn = "arn:aws:kinesis:us-east-1:123456789012:stream/in"
    role_arn           = aws_iam_role.firehose.arn
  }
  extended_s3_configuration {
    role_arn       = aws_iam_role.firehose.arn
    bucket_arn     = aws_s3_bucket.data.arn
    buffering_size = 64
    data_format_conversion_configuration {
      schema_configuration {
        database_name = "logs"
        table_name    = "events"
        role_arn      = aws_iam_role.firehose.arn
      }
      input_format_configuration {
        deserializer {
          open_x_json_ser_de {
            case_insensitive                         = false
            column_to_json_key_mappings              = { k = "Key" }
            convert_dots_in_json_keys_to_underscores = true
          }
        }
      }
      output_format_configuration {
        serializer {
          parquet_ser_de {
            block_size_bytes              = 134217728
            compression                   = "GZIP"
            enable_dictionary_compression = true
            max_padding_bytes             = 8
            page_size_bytes               = 65536
            writer_version                = "V2"
          }
        }
      }
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "msk" {
  name        = "msk"
  destination = "extended_s3"
  msk_source_configuration {
    msk_cluster_arn     = "arn:aws:kafka:us-east-1:123456789012:cluster/c/1"
    topic_name          = "events"
    read_from_timestamp = "2025-01-01T00:00:00Z"
    authentication_configuration {
      connectivity = "PRIVATE"
      role_arn     = aws_iam_role.firehose.arn
    }
  }
  extended_s3_configuration {
    role_arn   = aws_iam_role.firehose.arn
    bucket_arn = aws_s3_bucket.data.arn
  }
}

resource "aws_kinesis_firehose_delivery_stream" "old" {
  name        = "old"
  destination = "s3"
  s3_configuration {
    role_arn           = aws_iam_role.firehose.arn
    bucket_arn         = aws_s3_bucket.data.arn
    buffer_size        = 10
    buffer_interval    = 400
    compression_format = "GZIP"
  }
}

resource "aws_kinesis_firehose_delivery_stream" "http" {
  name        = "http"
  destination = "http_endpoint"
  http_endpoint_configuration {
    url                = "https://example.com/in?a=b"
    name               = "example"
    access_key         = "key"
    buffering_size     = 2
    buffering_interval = 30
    retry_duration     = 60
    role_arn           = aws_iam_role.firehose.arn
    s3_backup_mode     = "AllData"
    request_configuration {
      content_encoding = "GZIP"
      common_attributes {
        name  = "env"
        value = "test"
      }
    }
    s3_configuration {
      role_arn           = aws_iam_role.firehose.arn
      bucket_arn         = aws_s3_bucket.data.arn
      compression_format = "GZIP"
    }
    secrets_manager_configuration {
      enabled = false
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "splunk" {
  name        = "splunk"
  destination = "splunk"
  splunk_configuration {
    hec_token                  = ""
    hec_endpoint               = "https://splunk.example.com:8088"
    hec_endpoint_type          = "Event"
    hec_acknowledgment_timeout = 200
    buffering_size             = 1
    buffering_interval         = 0
    retry_duration             = 0
    s3_backup_mode             = "AllEvents"
    s3_configuration {
      role_arn   = aws_iam_role.firehose.arn
      bucket_arn = aws_s3_bucket.data.arn
    }
    secrets_manager_configuration {
      enabled    = true
      secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hec-AbCdEf"
      role_arn   = aws_iam_role.firehose.arn
    }
    processing_configuration {
      enabled = true
      processors {
        type = "Lambda"
        parameters {
          parameter_name  = "LambdaArn"
          parameter_value = aws_lambda_function.transform.arn
        }
      }
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "opensearch" {
  name        = "opensearch"
  destination = "opensearch"
  opensearch_configuration {
    cluster_endpoint      = "https://search.example.com/"
    role_arn              = aws_iam_role.firehose.arn
    index_name            = "events"
    type_name             = "_doc"
    index_rotation_period = "OneWeek"
    buffering_size        = 100
    buffering_interval    = 0
    retry_duration        = 0
    s3_backup_mode        = "AllDocuments"
    s3_configuration {
      role_arn   = aws_iam_role.firehose.arn
      bucket_arn = aws_s3_bucket.data.arn
    }
    document_id_options {
      default_document_id_format = "NO_DOCUMENT_ID"
    }
    vpc_config {
      subnet_ids         = ["subnet-1"]
      security_group_ids = ["sg-1"]
      role_arn           = aws_iam_role.firehose.arn
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "elasticsearch" {
  name        = "elasticsearch"
  destination = "elasticsearch"
  elasticsearch_configuration {
    domain_arn = "arn:aws:es:us-east-1:123456789012:domain/search"
    role_arn   = aws_iam_role.firehose.arn
    index_name = "events"
    s3_configuration {
      role_arn   = aws_iam_role.firehose.arn
      bucket_arn = aws_s3_bucket.data.arn
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "serverless" {
  name        = "serverless"
  destination = "opensearchserverless"
  opensearchserverless_configuration {
    collection_endpoint = "https://c.us-east-1.aoss.amazonaws.com"
    role_arn            = aws_iam_role.firehose.arn
    index_name          = "events"
    s3_configuration {
      role_arn   = aws_iam_role.firehose.arn
      bucket_arn = aws_s3_bucket.data.arn
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "redshift" {
  name        = "redshift"
  destination = "redshift"
  redshift_configuration {
    role_arn           = aws_iam_role.firehose.arn
    cluster_jdbcurl    = "jdbc:redshift://wg.123456789012.us-east-1.redshift-serverless.amazonaws.com:5439/dev"
    username           = "awsuser"
    password           = "Secret123"
    data_table_name    = "public.clicks"
    data_table_columns = "id,name"
    copy_options       = "delimiter '|' GZIP"
    retry_duration     = 0
    s3_backup_mode     = "Enabled"
    s3_configuration {
      role_arn           = aws_iam_role.firehose.arn
      bucket_arn         = aws_s3_bucket.data.arn
      prefix             = "in/"
      buffering_size     = 10
      buffering_interval = 400
      compression_format = "GZIP"
    }
    s3_backup_configuration {
      role_arn           = aws_iam_role.firehose.arn
      bucket_arn         = aws_s3_bucket.data.arn
      prefix             = "source/"
      buffering_interval = 120
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "iceberg" {
  name        = "iceberg"
  destination = "iceberg"
  iceberg_configuration {
    role_arn           = aws_iam_role.firehose.arn
    catalog_arn        = "arn:aws:glue:us-east-1:123456789012:catalog"
    append_only        = false
    buffering_size     = 10
    buffering_interval = 400
    retry_duration     = 100
    destination_table_configuration {
      database_name          = "shop"
      table_name             = "orders"
      unique_keys            = ["id"]
      s3_error_output_prefix = "orders/"
      partition_spec {
        identity {
          source_name = "day"
        }
      }
    }
    s3_configuration {
      role_arn   = aws_iam_role.firehose.arn
      bucket_arn = aws_s3_bucket.data.arn
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "snowflake" {
  name        = "snowflake"
  destination = "snowflake"
  snowflake_configuration {
    account_url          = "https://example.snowflakecomputing.com"
    database             = "LOGS"
    schema               = "PUBLIC"
    table                = "EVENTS"
    data_loading_option  = "VARIANT_CONTENT_AND_METADATA_MAPPING"
    content_column_name  = "CONTENT"
    metadata_column_name = "METADATA"
    user                 = ""
    private_key          = ""
    key_passphrase       = ""
    buffering_size       = 64
    buffering_interval   = 30
    role_arn             = aws_iam_role.firehose.arn
    retry_duration       = 100
    s3_backup_mode       = "AllData"
    snowflake_role_configuration {
      enabled        = true
      snowflake_role = "LOADER"
    }
    snowflake_vpc_configuration {
      private_link_vpce_id = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
    }
    s3_configuration {
      role_arn   = aws_iam_role.firehose.arn
      bucket_arn = aws_s3_bucket.data.arn
    }
    secrets_manager_configuration {
      enabled    = true
      secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:snowflake-AbCdEf"
    }
  }
}
