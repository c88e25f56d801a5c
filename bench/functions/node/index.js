'use strict';

// Apache access log lines to JSON.
const line = /^([\d.]+) (\S+) (\S+) \[([\w:/]+)(\s[+-]\d{4})?\] "(.+?)" (\d{3}) (\d+)/;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function parseTime(text) {
  const [date, hour, minute, second] = text.split(':');
  const [day, month, year] = date.split('/');
  return new Date(Date.UTC(+year, months.indexOf(month), +day, +hour, +minute, +second));
}

exports.handler = async (event) => {
  const records = event.records.map((record) => {
    const match = line.exec(Buffer.from(record.data, 'base64').toString('utf8'));
    if (!match) {
      return { recordId: record.recordId, result: 'ProcessingFailed', data: record.data };
    }
    const time = parseTime(match[4]);
    const result = {
      host: match[1],
      ident: match[2],
      authuser: match[3],
      request: match[6],
      response: parseInt(match[7], 10),
      bytes: parseInt(match[8], 10),
    };
    const words = match[6].split(' ');
    if (words.length > 1) {
      result.verb = words[0];
    }
    result['@timestamp'] = time.toISOString();
    if (match[5]) {
      const zone = match[5].trim();
      const sign = zone[0] === '-' ? 1 : -1;
      const minutes = parseInt(zone.slice(1, 3), 10) * 60 + parseInt(zone.slice(3), 10);
      result.timezone = zone;
      result['@timestamp_utc'] = new Date(time.getTime() + sign * minutes * 60000).toISOString();
    }
    return {
      recordId: record.recordId,
      result: 'Ok',
      data: Buffer.from(JSON.stringify(result)).toString('base64'),
    };
  });
  return { records };
};
