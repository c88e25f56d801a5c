import java.util.ArrayList;
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

/**
 * Has ORC Java use the indexes of files: rows behind a seek must be those of a whole scan, and a search for a value
 * of column a, by statistics and bloom filters, must find every row that has it. Prints "ok seeks searches skipped file".
 */
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
          literal = literal(schema.getChildren().get(0), b.cols[0]);
        }
        SearchArgument.Builder builder = SearchArgumentFactory.newBuilder();
        if (literal == null) builder.isNull("a", type);
        else builder.startAnd().equals("a", type, literal).end();
        List<String> got = new ArrayList<>();
        try (RecordReader rows = reader.rows(reader.options().searchArgument(builder.build(), new String[] {"a"}).allowSARGToFilter(false))) {
          read(schema, rows, Long.MAX_VALUE, got);
        }
        skipped += all.size() - got.size();
        String first = first(all.get(at));
        long want = all.stream().filter(s -> first(s).equals(first)).count();
        long have = got.stream().filter(s -> first(s).equals(first)).count();
        if (want != have) throw new Exception("search for a = " + literal + " of row " + at + " finds " + have + " rows, want " + want);
      }
    }
    System.out.println("ok " + seeks + " " + searches + " " + skipped + " " + file);
  }

  static boolean filters(Reader reader) throws Exception {
    for (StripeInformation s : reader.getStripes()) {
      OrcProto.StripeFooter f = ((org.apache.orc.impl.RecordReaderImpl) reader.rows()).readStripeFooter(s);
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
        if (t.getCategory() != TypeDescription.Category.CHAR) return s;
        return s + " ".repeat(t.getMaxLength() - s.codePointCount(0, s.length())); // as Hive asks
      }
    }
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
