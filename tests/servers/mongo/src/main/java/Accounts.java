import de.bwaldvogel.mongo.bson.BinData;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerError;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** Who may do what: SCRAM-SHA-256 (RFC 7677) and the two roles that matter to a library. */
final class Accounts {
    private static final int ROUNDS = 4096;
    private static final Set<String> FREE =
            Set.of("hello", "ismaster", "buildinfo", "ping", "endsessions", "whatsmyuri");
    private static final Set<String> WRITING = Set.of(
            "insert", "update", "delete", "findandmodify", "create", "createindexes", "drop",
            "dropindexes", "dropdatabase", "renamecollection", "collmod");

    private record Account(String password, String role) {}

    private record Exchange(String name, String firstBare, String firstAnswer, byte[] salt) {}

    private final Map<String, Account> accounts = new HashMap<>();
    private final Map<Channel, Exchange> exchanges = new ConcurrentHashMap<>();
    private final Map<Channel, String> signedIn = new ConcurrentHashMap<>();
    private final SecureRandom random = new SecureRandom();

    Accounts(List<String> words) {
        for (String word : words) {
            int name = word.indexOf(':');
            int role = word.lastIndexOf(':');
            accounts.put(word.substring(0, name),
                    new Account(word.substring(name + 1, role), word.substring(role + 1)));
        }
    }

    /** Say in a greeting that passwords are understood, where it asks. */
    void greeted(Document answer, Document query) {
        if (query.containsKey("saslSupportedMechs") && !accounts.isEmpty()) {
            answer.put("saslSupportedMechs", List.of("SCRAM-SHA-256"));
        }
    }

    /** Answer what is about passwords, refuse what is not allowed, give null for all else. */
    Document answered(Channel line, String name, Document query) {
        String command = name.toLowerCase(Locale.ROOT);
        if (accounts.isEmpty() || FREE.contains(command)) {
            return null;
        }
        if (command.equals("saslstart")) {
            return started(line, query);
        }
        if (command.equals("saslcontinue")) {
            return continued(line, query);
        }
        String who = signedIn.get(line);
        if (who == null) {
            throw new MongoServerError(
                    13, "Unauthorized", "Command " + name + " requires authentication");
        }
        if (WRITING.contains(command) && !accounts.get(who).role().equals("readWrite")) {
            throw new MongoServerError(
                    13, "Unauthorized", "not authorized on the database to execute command " + name);
        }
        return null;
    }

    void left(Channel line) {
        exchanges.remove(line);
        signedIn.remove(line);
    }

    private Document started(Channel line, Document query) {
        String bare = text(query).substring("n,,".length());
        Map<String, String> said = parts(bare);
        byte[] salt = new byte[16];
        random.nextBytes(salt);
        byte[] nonce = new byte[18];
        random.nextBytes(nonce);
        String answer = "r=" + said.get("r") + base64(nonce) + ",s=" + base64(salt) + ",i=" + ROUNDS;
        String name = said.get("n").replace("=2C", ",").replace("=3D", "=");
        exchanges.put(line, new Exchange(name, bare, answer, salt));
        return reply(answer, false);
    }

    private Document continued(Channel line, Document query) {
        Exchange exchange = exchanges.remove(line);
        if (exchange == null) {
            return reply("", true);
        }
        String last = text(query);
        int proofAt = last.lastIndexOf(",p=");
        String signed =
                exchange.firstBare() + "," + exchange.firstAnswer() + "," + last.substring(0, proofAt);
        Account account = accounts.get(exchange.name());
        try {
            // Who is not known is refused like who has the wrong password.
            byte[] salted = salted(account == null ? "" : account.password(), exchange.salt());
            byte[] clientKey = hmac(salted, "Client Key");
            byte[] proof = Base64.getDecoder().decode(last.substring(proofAt + 3));
            byte[] expected =
                    hmac(MessageDigest.getInstance("SHA-256").digest(clientKey), signed);
            for (int index = 0; index < expected.length; index++) {
                expected[index] ^= clientKey[index];
            }
            if (account == null || !MessageDigest.isEqual(proof, expected)) {
                throw new MongoServerError(18, "AuthenticationFailed", "Authentication failed.");
            }
            signedIn.put(line, exchange.name());
            return reply("v=" + base64(hmac(hmac(salted, "Server Key"), signed)), true);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }

    private static byte[] salted(String password, byte[] salt) throws GeneralSecurityException {
        // An empty key is refused by the factory; nobody's password is one space.
        char[] letters = password.isEmpty() ? new char[] {' '} : password.toCharArray();
        return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(new PBEKeySpec(letters, salt, ROUNDS, 256))
                .getEncoded();
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(Document query) {
        Object payload = query.get("payload");
        byte[] bytes = payload instanceof BinData ? ((BinData) payload).getData() : (byte[]) payload;
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static Map<String, String> parts(String text) {
        Map<String, String> found = new HashMap<>();
        for (String part : text.split(",")) {
            found.put(part.substring(0, 1), part.substring(2));
        }
        return found;
    }

    private static Document reply(String text, boolean done) {
        Document answer = new Document("conversationId", 1);
        answer.put("done", done);
        answer.put("payload", new BinData(text.getBytes(StandardCharsets.UTF_8)));
        answer.put("ok", 1.0);
        return answer;
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
