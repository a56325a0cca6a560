import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * A server of MongoDB's protocol on the loopback, for tests.
 *
 * <p>Arguments: a port (0 for any free one), then optionally a file in which the data outlives the
 * process. Prints one line, the port, once it listens. Ends when its standard input does, so that it
 * never outlives the program that started it.
 */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws IOException {
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0;
        MongoBackend backend = arguments.length > 1 ? new Kept(arguments[1]) : new Passing();
        MongoServer server = new MongoServer(backend.version(new Seven()));
        server.bind(new InetSocketAddress("127.0.0.1", port));
        System.out.println(server.getLocalAddress().getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
            // Nobody writes here; the end of it is all that is waited for.
        }
        server.shutdownNow();
        System.exit(0);
    }

    /** What current drivers ask for at least: MongoDB 7.0. */
    private static final class Seven implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(7, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 21;
        }
    }

    private interface Command {
        Document answer(String name, Document query);
    }

    /** MongoDB 7 knows `hello`; this server only its older name. */
    private static Document answered(String name, Document query, Command command) {
        if (!name.equalsIgnoreCase("hello")) {
            return command.answer(name, query);
        }
        Document answer = command.answer("ismaster", query);
        answer.put("isWritablePrimary", answer.remove("ismaster"));
        return answer;
    }

    /** Data in memory, gone with the process. */
    private static final class Passing extends MemoryBackend {
        @Override
        public Document handleCommand(Channel line, String database, String name, Document query) {
            return answered(
                    name, query, (known, asked) -> super.handleCommand(line, database, known, asked));
        }
    }

    /** Data in a file, written before each answer, so that killing the process loses nothing. */
    private static final class Kept extends H2Backend {
        Kept(String file) {
            super(file);
        }

        @Override
        public Document handleCommand(Channel line, String database, String name, Document query) {
            Document answer = answered(
                    name, query, (known, asked) -> super.handleCommand(line, database, known, asked));
            commit();
            return answer;
        }
    }
}
