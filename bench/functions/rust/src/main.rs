//! Apache access log lines to JSON.

use aws_lambda_events::firehose::{
    KinesisFirehoseEvent, KinesisFirehoseResponse, KinesisFirehoseResponseRecord,
};
use chrono::{Duration, NaiveDateTime};
use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use regex::Regex;
use serde::Serialize;
use std::sync::LazyLock;

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^([\d.]+) (\S+) (\S+) \[([\w:/]+)(\s[+-]\d{4})?\] "(.+?)" (\d{3}) (\d+)"#).unwrap()
});

#[derive(Serialize)]
struct Entry<'a> {
    host: &'a str,
    ident: &'a str,
    authuser: &'a str,
    request: &'a str,
    response: u16,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<&'a str>,
    #[serde(rename = "@timestamp")]
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<&'a str>,
    #[serde(rename = "@timestamp_utc", skip_serializing_if = "Option::is_none")]
    timestamp_utc: Option<String>,
}

fn iso(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn transform(line: &str) -> Option<Vec<u8>> {
    let c = LINE.captures(line)?;
    let field = |i| c.get(i).map_or("", |m| m.as_str());
    let time = NaiveDateTime::parse_from_str(field(4), "%d/%b/%Y:%H:%M:%S").ok()?;
    let request = field(6);
    let zone = c.get(5).map(|m| m.as_str().trim());
    let utc = match zone {
        Some(z) => {
            let offset = Duration::minutes(z[1..3].parse::<i64>().ok()? * 60 + z[3..].parse::<i64>().ok()?);
            Some(iso(if z.starts_with('-') { time + offset } else { time - offset }))
        }
        None => None,
    };
    serde_json::to_vec(&Entry {
        host: field(1),
        ident: field(2),
        authuser: field(3),
        request,
        response: field(7).parse().ok()?,
        bytes: field(8).parse().ok()?,
        verb: request.split_once(' ').map(|(verb, _)| verb),
        timestamp: iso(time),
        timezone: zone,
        timestamp_utc: utc,
    })
    .ok()
}

async fn handle(event: LambdaEvent<KinesisFirehoseEvent>) -> Result<KinesisFirehoseResponse, Error> {
    let mut response = KinesisFirehoseResponse::default();
    for record in event.payload.records {
        let mut answer = KinesisFirehoseResponseRecord::default();
        answer.record_id = record.record_id;
        match std::str::from_utf8(&record.data.0).ok().and_then(transform) {
            Some(data) => {
                answer.result = Some("Ok".to_string());
                answer.data.0 = data;
            }
            None => {
                answer.result = Some("ProcessingFailed".to_string());
                answer.data = record.data;
            }
        }
        response.records.push(answer);
    }
    Ok(response)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
