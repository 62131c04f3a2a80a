import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.apache.maven.artifact.versioning.ComparableVersion;

/**
 * Orders pairs of Maven versions with maven-artifact, whose jar is on the class path.
 * Reads lines "a<TAB>b", writes one of < = > ? a line.
 */
class MavenVersions {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        StringBuilder out = new StringBuilder();
        for (String line; (line = in.readLine()) != null; ) {
            String[] pair = line.split("\t", -1);
            int order = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
            out.append(order < 0 ? '<' : order > 0 ? '>' : '=').append('\n');
        }
        System.out.print(out);
    }
}
