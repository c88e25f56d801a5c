import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hive.ql.exec.vector.BytesColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.ColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.DoubleColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.ListColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.LongColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.MapColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.MultiValuedColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.StructColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.TimestampColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.VectorizedRowBatch;
import org.apache.orc.CompressionKind;
import org.apache.orc.OrcFile;
import org.apache.orc.TypeDescription;
import org.apache.orc.Writer;

/**
 * JSON lines to ORC: Jackson's tokens go straight into the column vectors, no tree is built.
 *
 * <pre>JacksonOrc struct&lt;…&gt; IN OUT [SNAPPY|ZLIB|NONE]</pre>
 */
public final class JacksonOrc {
  /** Puts the value that the parser stands on into row of its vector. */
  private interface Field {
    void read(JsonParser p, int row) throws IOException;

    void setNull(int row);
  }

  public static void main(String[] args) throws IOException {
    TypeDescription schema = TypeDescription.fromString(args[0]);
    OrcFile.WriterOptions options = OrcFile.writerOptions(new Configuration()).setSchema(schema).overwrite(true)
        .useUTCTimestamp(true).compress(CompressionKind.valueOf(args.length > 3 ? args[3] : "SNAPPY"));
    VectorizedRowBatch batch = schema.createRowBatch();
    Struct root = new Struct(schema.getFieldNames(), schema.getChildren(), batch.cols, null);
    try (Writer writer = OrcFile.createWriter(new Path(args[2]), options);
        InputStream in = new BufferedInputStream(new FileInputStream(args[1]), 1 << 20);
        JsonParser p = new JsonFactory().createParser(in)) {
      while (p.nextToken() != null) {
        root.read(p, batch.size++);
        if (batch.size == batch.getMaxSize()) {
          writer.addRowBatch(batch);
          batch.reset();
        }
      }
      if (batch.size > 0) {
        writer.addRowBatch(batch);
      }
    }
  }

  private static Field field(TypeDescription type, ColumnVector v) {
    return switch (type.getCategory()) {
      case BOOLEAN, BYTE, SHORT, INT, LONG -> new Scalar(v) {
        @Override
        void set(JsonParser p, int row) throws IOException {
          ((LongColumnVector) v).vector[row] = switch (p.currentToken()) {
            case VALUE_TRUE -> 1;
            case VALUE_FALSE -> 0;
            default -> p.getLongValue();
          };
        }
      };
      case FLOAT, DOUBLE -> new Scalar(v) {
        @Override
        void set(JsonParser p, int row) throws IOException {
          ((DoubleColumnVector) v).vector[row] = p.getDoubleValue();
        }
      };
      case STRING, CHAR, VARCHAR -> new Scalar(v) {
        @Override
        void set(JsonParser p, int row) throws IOException {
          ((BytesColumnVector) v).setVal(row, p.getText().getBytes(StandardCharsets.UTF_8));
        }
      };
      case TIMESTAMP -> new Scalar(v) {
        @Override
        void set(JsonParser p, int row) throws IOException {
          setTime((TimestampColumnVector) v, row, p.getText());
        }
      };
      case STRUCT -> new Struct(type.getFieldNames(), type.getChildren(), ((StructColumnVector) v).fields, v);
      case LIST -> new Array(type, (ListColumnVector) v);
      case MAP -> new Pairs(type, (MapColumnVector) v);
      default -> throw new IllegalArgumentException("no values of type " + type);
    };
  }

  /** yyyy-MM-dd HH:mm:ss[.fraction]. */
  private static void setTime(TimestampColumnVector v, int row, String s) {
    LocalDateTime t = LocalDateTime.of(number(s, 0, 4), number(s, 5, 7), number(s, 8, 10), number(s, 11, 13), number(s, 14, 16),
        number(s, 17, 19));
    int nanos = 0;
    for (int i = 20, unit = 100_000_000; i < s.length(); i++, unit /= 10) {
      nanos += (s.charAt(i) - '0') * unit;
    }
    v.time[row] = t.toEpochSecond(ZoneOffset.UTC) * 1000 + nanos / 1_000_000;
    v.nanos[row] = nanos;
  }

  private static int number(String s, int from, int to) {
    int n = 0;
    for (int i = from; i < to; i++) {
      n = n * 10 + s.charAt(i) - '0';
    }
    return n;
  }

  private abstract static class Base implements Field {
    final ColumnVector vector;

    Base(ColumnVector vector) {
      this.vector = vector;
    }

    @Override
    public void setNull(int row) {
      vector.noNulls = false;
      vector.isNull[row] = true;
    }
  }

  private abstract static class Scalar extends Base {
    Scalar(ColumnVector vector) {
      super(vector);
    }

    abstract void set(JsonParser p, int row) throws IOException;

    @Override
    public void read(JsonParser p, int row) throws IOException {
      if (p.currentToken() == JsonToken.VALUE_NULL) {
        setNull(row);
      } else {
        set(p, row);
      }
    }
  }

  private static final class Struct extends Base {
    private final Map<String, Integer> index = new HashMap<>();
    private final Field[] fields;
    private final int[] seen; // the last row, plus one, that had the field
    private int rows;

    Struct(List<String> names, List<TypeDescription> types, ColumnVector[] vectors, ColumnVector vector) {
      super(vector);
      fields = new Field[names.size()];
      seen = new int[names.size()];
      for (int i = 0; i < fields.length; i++) {
        index.put(names.get(i), i);
        fields[i] = field(types.get(i), vectors[i]);
      }
    }

    @Override
    public void read(JsonParser p, int row) throws IOException {
      if (p.currentToken() == JsonToken.VALUE_NULL) {
        setNull(row);
        return;
      }
      rows++;
      while (p.nextToken() != JsonToken.END_OBJECT) {
        Integer i = index.get(p.currentName());
        p.nextToken();
        if (i == null) {
          p.skipChildren();
          continue;
        }
        fields[i].read(p, row);
        seen[i] = rows;
      }
      for (int i = 0; i < fields.length; i++) {
        if (seen[i] != rows) {
          fields[i].setNull(row);
        }
      }
    }

    @Override
    public void setNull(int row) {
      super.setNull(row);
      for (Field f : fields) {
        f.setNull(row);
      }
    }
  }

  private static final class Array extends Base {
    private final Field element;

    Array(TypeDescription type, ListColumnVector v) {
      super(v);
      element = field(type.getChildren().get(0), v.child);
    }

    @Override
    public void read(JsonParser p, int row) throws IOException {
      if (p.currentToken() == JsonToken.VALUE_NULL) {
        setNull(row);
        return;
      }
      ListColumnVector v = (ListColumnVector) vector;
      begin(v, row);
      while (p.nextToken() != JsonToken.END_ARRAY) {
        v.child.ensureSize(v.childCount + 1, true);
        element.read(p, v.childCount++);
        v.lengths[row]++;
      }
    }
  }

  private static final class Pairs extends Base {
    private final Field value;

    Pairs(TypeDescription type, MapColumnVector v) {
      super(v);
      value = field(type.getChildren().get(1), v.values);
    }

    @Override
    public void read(JsonParser p, int row) throws IOException {
      if (p.currentToken() == JsonToken.VALUE_NULL) {
        setNull(row);
        return;
      }
      MapColumnVector v = (MapColumnVector) vector;
      begin(v, row);
      while (p.nextToken() != JsonToken.END_OBJECT) {
        v.keys.ensureSize(v.childCount + 1, true);
        v.values.ensureSize(v.childCount + 1, true);
        ((BytesColumnVector) v.keys).setVal(v.childCount, p.currentName().getBytes(StandardCharsets.UTF_8));
        p.nextToken();
        value.read(p, v.childCount++);
        v.lengths[row]++;
      }
    }
  }

  private static void begin(MultiValuedColumnVector v, int row) {
    v.offsets[row] = v.childCount;
    v.lengths[row] = 0;
  }
}
