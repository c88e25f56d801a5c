import java.io.BufferedInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.io.compress.SnappyCodec;
import org.xerial.snappy.SnappyInputStream;

/** Main FORMAT FILE... prints the SHA-256 of each file's content, as the reader of its CompressionFormat has it. */
public final class Main {
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < args.length; i += 2) {
            MessageDigest sum = MessageDigest.getInstance("SHA-256");
            try (InputStream in = open(args[i], new BufferedInputStream(Files.newInputStream(Path.of(args[i + 1]))))) {
                byte[] buffer = new byte[10007];
                for (int n; (n = in.read(buffer)) >= 0;) {
                    sum.update(buffer, 0, n);
                }
            }
            System.out.println(HexFormat.of().formatHex(sum.digest()));
        }
    }

    private static InputStream open(String format, InputStream in) throws Exception {
        switch (format) {
            case "GZIP":
                return new GZIPInputStream(in);
            case "ZIP":
                ZipInputStream zip = new ZipInputStream(in);
                if (zip.getNextEntry() == null) {
                    throw new IllegalArgumentException("no entry");
                }
                return zip;
            case "Snappy":
                return new SnappyInputStream(in);
            case "HADOOP_SNAPPY":
                SnappyCodec codec = new SnappyCodec();
                codec.setConf(new Configuration());
                return codec.createInputStream(in);
            default:
                return in;
        }
    }
}
