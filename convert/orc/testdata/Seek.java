import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.nio.charset.StandardCharsets;
import java.util.TimeZone;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hive.ql.exec.vector.*;
import org.apache.hadoop.hive.ql.io.sarg.*;
import org.apache.hadoop.hive.serde2.io.HiveDecimalWritable;
import org.apache.orc.*;
import org.apache.orc.impl.ColumnStatisticsImpl;
import org.apache.orc.impl.RecordReaderImpl;

/**
 * Has ORC Java use the indexes of files: rows behind a seek must be those of a whole scan, a search for a value
 * of column a, by statistics and bloom filters, must find every row that has it, and the statistics of row groups, stripes
 * and file must be those that ORC Java makes of the rows. Where there is a column named absent, its values are what is
 * searched for. Prints "ok seeks searches skipped file".
 */
@SuppressWarnings("deprecation")
public class Seek {
  public static void main(String[] args) throws Exception {
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
    for (String file : args) {
      try {
        check(file);
      } catch (Throwable e) {
        System.out.println("bad " + file + " " + e);
        if (System.getenv("TRACE") != null) e.printStackTrace();
      }
    }
  }

  static void check(String file) throws Exception {
    OrcFile.ReaderOptions options = OrcFile.readerOptions(new Configuration()).useUTCTimestamp(true);
    int seeks = 0, searches = 0;
    long skipped = 0;
    try (Reader reader = OrcFile.createReader(new Path(file), options)) {
      TypeDescription schema = reader.getSchema();
      List<String> all = new ArrayList<>();
      try (RecordReader rows = reader.rows()) {
        read(schema, rows, Long.MAX_VALUE, all);
      }
      statistics(reader, schema);
      int absent = schema.getFieldNames().indexOf("absent");
      Random random = new Random(1);
      PredicateLeaf.Type type = leaf(schema.getChildren().get(0).getCategory());
      // Without a search, 2.1.2 fails to seek in files with bloom filters, its own too; this one keeps all rows.
      Reader.Options every = reader.options();
      if (type != null) {
        SearchArgument sarg = SearchArgumentFactory.newBuilder().startOr().isNull("a", type).startNot().isNull("a", type).end().end().build();
        every = every.searchArgument(sarg, new String[] {"a"}).allowSARGToFilter(false);
      }
      try (RecordReader rows = reader.rows(every)) {
        for (int i = 0; i < 6 && !all.isEmpty() && (type != null || !filters(reader)); i++, seeks++) {
          int at = i == 0 ? all.size() - 1 : random.nextInt(all.size());
          rows.seekToRow(at);
          List<String> got = new ArrayList<>();
          read(schema, rows, 40, got);
          int n = Math.min(got.size(), all.size() - at);
          if (n == 0 || !got.subList(0, n).equals(all.subList(at, at + n))) {
            throw new Exception("seek to row " + at + ": " + got.get(0) + ", want " + all.get(at));
          }
        }
      }
      for (int i = 0; i < 6 && !all.isEmpty() && type != null; i++, searches++) {
        int at = random.nextInt(all.size());
        Object literal;
        try (RecordReader rows = reader.rows(every)) {
          rows.seekToRow(at);
          VectorizedRowBatch b = schema.createRowBatch();
          rows.nextBatch(b);
          literal = literal(schema.getChildren().get(0), b.cols[Math.max(absent, 0)]);
        }
        SearchArgument.Builder builder = SearchArgumentFactory.newBuilder();
        if (literal == null) builder.isNull("a", type);
        else builder.startAnd().equals("a", type, literal).end();
        List<String> got = new ArrayList<>();
        try (RecordReader rows = reader.rows(reader.options().searchArgument(builder.build(), new String[] {"a"}).allowSARGToFilter(false))) {
          read(schema, rows, Long.MAX_VALUE, got);
        }
        skipped += all.size() - got.size();
        if (absent > 0) continue;
        String first = first(all.get(at));
        long want = all.stream().filter(s -> first(s).equals(first)).count();
        long have = got.stream().filter(s -> first(s).equals(first)).count();
        if (want != have) throw new Exception("search for a = " + literal + " of row " + at + " finds " + have + " rows, want " + want);
      }
    }
    System.out.println("ok " + seeks + " " + searches + " " + skipped + " " + file);
  }

  /** The statistics of a row group, a stripe or a file, by column. */
  static ColumnStatisticsImpl[] empty(TypeDescription schema) {
    ColumnStatisticsImpl[] s = new ColumnStatisticsImpl[schema.getMaximumId() + 1];
    for (int id = 0; id < s.length; id++) s[id] = ColumnStatisticsImpl.create(schema.findSubtype(id));
    return s;
  }

  /** The sums of decimals, of which ORC Java rounds each to 38 digits on the way. */
  static final IdentityHashMap<ColumnStatisticsImpl, BigDecimal> exact = new IdentityHashMap<>();

  static void statistics(Reader reader, TypeDescription schema) throws Exception {
    exact.clear();
    ColumnStatisticsImpl[] file = empty(schema);
    int stride = reader.getRowIndexStride();
    for (int i = 0; i < reader.getStripes().size(); i++) {
      StripeInformation info = reader.getStripes().get(i);
      ColumnStatisticsImpl[] stripe = empty(schema), group = empty(schema);
      try (RecordReader rows = reader.rows(reader.options().range(info.getOffset(), info.getLength()))) {
        OrcProto.RowIndex[] index = ((RecordReaderImpl) rows).readRowIndex(0, null, new boolean[file.length]).getRowGroupIndex();
        VectorizedRowBatch batch = schema.createRowBatch();
        for (long n = 0; rows.nextBatch(batch); ) {
          for (int r = 0; r < batch.size; r++) {
            for (ColumnStatisticsImpl[] s : new ColumnStatisticsImpl[][] {file, stripe, group}) {
              s[0].increment();
              for (int c = 0; c < batch.cols.length; c++) add(s, schema.getChildren().get(c), batch.cols[c], r);
            }
            if (++n % stride == 0 || n == info.getNumberOfRows()) {
              List<OrcProto.ColumnStatistics> have = new ArrayList<>();
              for (OrcProto.RowIndex x : index) have.add(x.getEntry((int) ((n - 1) / stride)).getStatistics());
              same("the row group that ends with row " + n + " of stripe " + i, have, group);
              group = empty(schema);
            }
          }
        }
      }
      same("stripe " + i, reader.getOrcProtoStripeStatistics().get(i).getColStatsList(), stripe);
    }
    same("the file", reader.getOrcProtoFileStatistics(), file);
  }

  static void add(ColumnStatisticsImpl[] s, TypeDescription t, ColumnVector v, int i) {
    if (v.isRepeating) i = 0;
    ColumnStatisticsImpl to = s[t.getId()];
    if (!v.noNulls && v.isNull[i]) {
      to.setNull();
      return;
    }
    to.increment();
    switch (t.getCategory()) {
      case BOOLEAN: to.updateBoolean(((LongColumnVector) v).vector[i] != 0, 1); break;
      case BYTE: case SHORT: case INT: case LONG: to.updateInteger(((LongColumnVector) v).vector[i], 1); break;
      case FLOAT: case DOUBLE: to.updateDouble(((DoubleColumnVector) v).vector[i]); break;
      case DATE: to.updateDate((int) ((LongColumnVector) v).vector[i]); break;
      case TIMESTAMP: {
        TimestampColumnVector x = (TimestampColumnVector) v;
        to.updateTimestamp(x.time[i], x.nanos[i] % 1_000_000);
        break;
      }
      case DECIMAL: {
        BigDecimal x;
        if (v instanceof Decimal64ColumnVector) {
          Decimal64ColumnVector d = (Decimal64ColumnVector) v;
          to.updateDecimal64(d.vector[i], d.scale);
          x = BigDecimal.valueOf(d.vector[i], d.scale);
        } else {
          to.updateDecimal(((DecimalColumnVector) v).vector[i]);
          x = ((DecimalColumnVector) v).vector[i].getHiveDecimal().bigDecimalValue();
        }
        exact.merge(to, x, BigDecimal::add);
        break;
      }
      case LIST: case MAP: {
        MultiValuedColumnVector x = (MultiValuedColumnVector) v;
        to.updateCollectionLength(x.lengths[i]);
        for (int k = (int) x.offsets[i]; k < x.offsets[i] + x.lengths[i]; k++) {
          if (v instanceof ListColumnVector) {
            add(s, t.getChildren().get(0), ((ListColumnVector) v).child, k);
          } else {
            add(s, t.getChildren().get(0), ((MapColumnVector) v).keys, k);
            add(s, t.getChildren().get(1), ((MapColumnVector) v).values, k);
          }
        }
        break;
      }
      case STRUCT:
        for (int c = 0; c < t.getChildren().size(); c++) add(s, t.getChildren().get(c), ((StructColumnVector) v).fields[c], i);
        break;
      default: {
        BytesColumnVector x = (BytesColumnVector) v;
        byte[] b = java.util.Arrays.copyOfRange(x.vector[i], x.start[i], x.start[i] + x.length[i]);
        if (t.getCategory() == TypeDescription.Category.BINARY) to.updateBinary(b, 0, b.length, 1);
        else {
          if (t.getCategory() == TypeDescription.Category.CHAR) b = padded(t, new String(b, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
          to.updateString(b, 0, b.length, 1);
        }
      }
    }
  }

  static void same(String where, List<OrcProto.ColumnStatistics> have, ColumnStatisticsImpl[] want) throws Exception {
    for (int id = 0; id < want.length; id++) {
      OrcProto.ColumnStatistics.Builder a = have.get(id).toBuilder().clearBytesOnDisk(), b = want[id].serialize().clearBytesOnDisk();
      if (b.hasDoubleStatistics()) {
        if (Double.isNaN(b.getDoubleStatistics().getSum())) { // then ours have no range
          a.clearDoubleStatistics();
          b.clearDoubleStatistics();
        } else { // added in another order
          a.getDoubleStatisticsBuilder().clearSum();
          b.getDoubleStatisticsBuilder().clearSum();
        }
      }
      if (b.hasCollectionStatistics()) b.getCollectionStatisticsBuilder().setTotalChildren(b.getCollectionStatistics().getTotalChildren());
      if (b.hasDecimalStatistics() && (!a.getDecimalStatistics().hasSum() || !b.getDecimalStatistics().hasSum())) { // overflows at once, or in the end
        a.getDecimalStatisticsBuilder().clearSum();
        b.getDecimalStatisticsBuilder().clearSum();
      } else if (b.hasDecimalStatistics() && exact.containsKey(want[id]) && new BigDecimal(a.getDecimalStatistics().getSum()).compareTo(exact.get(want[id])) == 0) {
        b.getDecimalStatisticsBuilder().setSum(a.getDecimalStatistics().getSum());
      }
      if (b.hasIntStatistics() && (!a.getIntStatistics().hasSum() || !b.getIntStatistics().hasSum())) {
        a.getIntStatisticsBuilder().clearSum();
        b.getIntStatisticsBuilder().clearSum();
      }
      if (!a.build().equals(b.build())) {
        throw new Exception(("statistics of " + where + ", type " + id + ": " + a + "want " + b).replace('\n', ' '));
      }
    }
  }

  static boolean filters(Reader reader) throws Exception {
    for (StripeInformation s : reader.getStripes()) {
      OrcProto.StripeFooter f = ((RecordReaderImpl) reader.rows()).readStripeFooter(s);
      for (OrcProto.Stream x : f.getStreamsList()) if (x.getKind() == OrcProto.Stream.Kind.BLOOM_FILTER_UTF8) return true;
    }
    return false;
  }

  static String first(String row) {
    int n = Integer.parseInt(row.substring(0, row.indexOf(':')));
    return row.substring(0, row.indexOf(':') + 1 + n);
  }

  static PredicateLeaf.Type leaf(TypeDescription.Category c) {
    switch (c) {
      case BOOLEAN: return PredicateLeaf.Type.BOOLEAN;
      case BYTE: case SHORT: case INT: case LONG: return PredicateLeaf.Type.LONG;
      case FLOAT: case DOUBLE: return PredicateLeaf.Type.FLOAT;
      case STRING: case VARCHAR: case CHAR: return PredicateLeaf.Type.STRING;
      case DATE: return PredicateLeaf.Type.DATE;
      case TIMESTAMP: return PredicateLeaf.Type.TIMESTAMP;
      case DECIMAL: return PredicateLeaf.Type.DECIMAL;
      default: return null;
    }
  }

  static Object literal(TypeDescription t, ColumnVector v) {
    if (!v.noNulls && v.isNull[0]) return null;
    switch (t.getCategory()) {
      case BOOLEAN: return ((LongColumnVector) v).vector[0] != 0;
      case BYTE: case SHORT: case INT: case LONG: return ((LongColumnVector) v).vector[0];
      case FLOAT: case DOUBLE: return ((DoubleColumnVector) v).vector[0];
      case DATE: return new java.sql.Date(((LongColumnVector) v).vector[0] * 86400000L);
      case TIMESTAMP: {
        TimestampColumnVector x = (TimestampColumnVector) v;
        java.sql.Timestamp ts = new java.sql.Timestamp(x.time[0]);
        ts.setNanos(x.nanos[0]);
        return ts;
      }
      case DECIMAL:
        if (v instanceof Decimal64ColumnVector) {
          HiveDecimalWritable w = new HiveDecimalWritable();
          w.setFromLongAndScale(((Decimal64ColumnVector) v).vector[0], ((Decimal64ColumnVector) v).scale);
          return w;
        }
        return ((DecimalColumnVector) v).vector[0];
      default: {
        BytesColumnVector b = (BytesColumnVector) v;
        String s = new String(b.vector[0], b.start[0], b.length[0], StandardCharsets.UTF_8);
        return t.getCategory() == TypeDescription.Category.CHAR ? padded(t, s) : s; // as Hive asks
      }
    }
  }

  static String padded(TypeDescription t, String s) {
    return s + " ".repeat(t.getMaxLength() - s.codePointCount(0, s.length()));
  }

  /** Appends rows as "length of the first column's text:text of all columns". */
  static void read(TypeDescription schema, RecordReader rows, long limit, List<String> out) throws Exception {
    VectorizedRowBatch batch = schema.createRowBatch();
    while (out.size() < limit && rows.nextBatch(batch)) {
      for (int r = 0; r < batch.size && out.size() < limit; r++) {
        StringBuilder sb = new StringBuilder();
        batch.cols[0].stringifyValue(sb, r);
        sb.insert(0, sb.length() + ":");
        for (int c = 1; c < batch.cols.length; c++) batch.cols[c].stringifyValue(sb.append(' '), r);
        out.add(sb.toString());
      }
    }
  }
}
