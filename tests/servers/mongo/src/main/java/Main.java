import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;

/**
 * A server of MongoDB's protocol on the loopback, for tests.
 *
 * <p>Arguments: a port (0 for any free one); a file in which the data outlives the process, or "-"
 * for memory; then accounts as name:password:role, where the role is readWrite or read. With any
 * account nothing is done for who has not given its password. {@code -Dversion=6,3,6,0} makes it
 * say that it is another version: the wire's, then the server's own three numbers.
 *
 * <p>Prints one line, the port, once it listens. Ends when its standard input does, so that it
 * never outlives the program that started it.
 */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws IOException {
        List<String> words = Arrays.asList(arguments);
        int port = words.isEmpty() ? 0 : Integer.parseInt(words.get(0));
        String file = words.size() > 1 ? words.get(1) : "-";
        Accounts accounts = new Accounts(words.subList(Math.min(2, words.size()), words.size()));
        MongoBackend backend =
                file.equals("-") ? new Passing(accounts) : new Kept(accounts, file);
        MongoServer server =
                new MongoServer(backend.version(new Version(System.getProperty("version", "21,7,0,0"))));
        server.bind(new InetSocketAddress("127.0.0.1", port));
        System.out.println(server.getLocalAddress().getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
            // Nobody writes here; the end of it is all that is waited for.
        }
        server.shutdownNow();
        System.exit(0);
    }

    /** What it says it is; current drivers ask for more than the server would say by itself. */
    private static final class Version implements MongoVersion {
        private final List<Integer> numbers;

        Version(String text) {
            numbers = Arrays.stream(text.split(",")).map(Integer::valueOf).toList();
        }

        @Override
        public List<Integer> getVersionArray() {
            return numbers.subList(1, numbers.size());
        }

        @Override
        public int getWireVersion() {
            return numbers.get(0);
        }
    }

    private interface Command {
        Document answer(String name, Document query);
    }

    /** MongoDB 7 knows `hello` and passwords; this server only the older name of `hello`. */
    private static Document answered(
            Accounts accounts, Channel line, String name, Document query, Command command) {
        Document said = accounts.answered(line, name, query);
        if (said != null) {
            return said;
        }
        boolean greeting = name.equalsIgnoreCase("hello");
        Document answer = command.answer(greeting ? "ismaster" : name, query);
        if (greeting) {
            answer.put("isWritablePrimary", answer.remove("ismaster"));
        }
        accounts.greeted(answer, query);
        return answer;
    }

    /** Data in memory, gone with the process. */
    private static final class Passing extends MemoryBackend {
        private final Accounts accounts;

        Passing(Accounts accounts) {
            this.accounts = accounts;
        }

        @Override
        public Document handleCommand(Channel line, String database, String name, Document query) {
            return answered(accounts, line, name, query,
                    (known, asked) -> super.handleCommand(line, database, known, asked));
        }

        @Override
        public void handleClose(Channel line) {
            accounts.left(line);
            super.handleClose(line);
        }
    }

    /** Data in a file, written before each answer, so that killing the process loses nothing. */
    private static final class Kept extends H2Backend {
        private final Accounts accounts;

        Kept(Accounts accounts, String file) {
            super(file);
            // What was written over is kept so long, ms. By itself it keeps 45 s of every write, for
            // a disk that loses power; here the file would grow by gigabytes.
            getMvStore().setRetentionTime(1_000);
            this.accounts = accounts;
        }

        @Override
        public Document handleCommand(Channel line, String database, String name, Document query) {
            Document answer = answered(accounts, line, name, query,
                    (known, asked) -> super.handleCommand(line, database, known, asked));
            commit();
            return answer;
        }

        @Override
        public void handleClose(Channel line) {
            accounts.left(line);
            super.handleClose(line);
        }
    }
}
