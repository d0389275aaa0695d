package io.offcut.scheduler.internal.http;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Who may do what. With a tokens file every user presents {@code Authorization: Bearer …} (RFC
 * 6750); without one everybody on this machine is trusted and the header {@code Offcut-User} is the
 * name. Nodes present their shared secret as a bearer token. Secrets are kept and compared as
 * SHA-256.
 */
public final class Access {
    /** Names the user where no tokens are configured. */
    public static final String USER_HEADER = "Offcut-User";

    private static final String ANONYMOUS = "anonymous";
    private static final String BEARER = "bearer ";
    private static final int MIN_SECRET_CHARS = 16;
    private static final int MAX_TOKEN_CHARS = 1_024;
    private static final Pattern USER = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}");

    private record Credential(String user, boolean operator, String sha256) {
        /** Without the hash. */
        @Override
        public String toString() {
            return "Credential[" + user + "]";
        }
    }

    private final @Nullable List<Credential> credentials;
    private final @Nullable String nodeSecret;

    private Access(@Nullable List<Credential> credentials, @Nullable String nodeSecret) {
        this.credentials = credentials;
        this.nodeSecret = nodeSecret;
    }

    /**
     * Reads the files.
     *
     * @param tokensFile empty for none
     * @param nodeSecretFile empty for none
     * @throws OffcutException if a file is wrong, or if the address could be reached from outside
     *     and nothing protects it
     */
    public static Access load(String host, String tokensFile, String nodeSecretFile) {
        if (!isLoopback(host) && (tokensFile.isEmpty() || nodeSecretFile.isEmpty())) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "scheduler configuration: host "
                            + host
                            + " can be reached from outside; set tokensFile and nodeSecretFile, or listen on 127.0.0.1");
        }
        if (!tokensFile.isEmpty() && nodeSecretFile.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "scheduler configuration: with tokensFile nodes need a credential too; set nodeSecretFile");
        }
        return new Access(
                tokensFile.isEmpty() ? null : readTokens(Path.of(tokensFile)),
                nodeSecretFile.isEmpty() ? null : readSecret(Path.of(nodeSecretFile)));
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "scheduler configuration, key host: " + host + " is not a known address");
        }
    }

    private static String readFile(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "cannot read "
                            + file
                            + " ("
                            + e.getClass().getSimpleName()
                            + "); check path, owner and mode");
        }
    }

    private static String readSecret(Path file) {
        String secret = readFile(file).strip();
        if (secret.length() < MIN_SECRET_CHARS || secret.length() > MAX_TOKEN_CHARS) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "the node secret in "
                            + file
                            + " must have "
                            + MIN_SECRET_CHARS
                            + " to "
                            + MAX_TOKEN_CHARS
                            + " characters; make one with: openssl rand -hex 32");
        }
        return sha256(secret);
    }

    private static List<Credential> readTokens(Path file) {
        List<Credential> found = new ArrayList<>();
        List<String> lines = readFile(file).lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                found.add(credential(line, file + ", line " + (i + 1)));
            }
        }
        if (found.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    file + " names no user; add lines of: user role sha256-of-token");
        }
        return List.copyOf(found);
    }

    private static Credential credential(String line, String where) {
        String[] words = line.split("\\s+", -1);
        boolean good =
                words.length == 3
                        && isUser(words[0])
                        && (words[1].equals("user") || words[1].equals("operator"))
                        && words[2].matches("[0-9a-fA-F]{64}");
        if (!good) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    where
                            + ": expected: user role sha256-of-token, with the role user or operator");
        }
        return new Credential(
                words[0], words[1].equals("operator"), words[2].toLowerCase(Locale.ROOT));
    }

    private static String sha256(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Who sent it, if that is enough for the route. */
    Principal require(Route.Access needed, Request request) {
        if (needed == Route.Access.OPEN) {
            return Principal.NOBODY;
        }
        if (credentials == null) {
            requireSameOrigin(request);
        }
        String token = bearer(request);
        boolean hasNodeSecret = nodeSecret != null && matches(token, nodeSecret);
        return switch (needed) {
            case OPEN -> Principal.NOBODY;
            case NODE -> {
                if (nodeSecret != null && !hasNodeSecret) {
                    throw unauthorized(
                            "this needs the node secret; set nodeSecretFile on the node");
                }
                yield Principal.NODE;
            }
            case NODE_OR_USER -> hasNodeSecret ? Principal.NODE : user(token, request);
            case USER -> user(token, request);
            case OPERATOR -> {
                Principal principal = user(token, request);
                if (!principal.isOperator()) {
                    throw new OffcutException(
                            ErrorCode.FORBIDDEN,
                            "only an operator may do this; ask your administrator");
                }
                yield principal;
            }
        };
    }

    /** Whether it can be the name of a user. */
    static boolean isUser(String name) {
        return USER.matcher(name).matches();
    }

    private Principal user(@Nullable String token, Request request) {
        if (credentials == null) {
            String name = request.getHeaders().get(USER_HEADER);
            if (name != null && !isUser(name)) {
                throw new OffcutException(
                        ErrorCode.INVALID_INPUT,
                        "header "
                                + USER_HEADER
                                + ": not a user name: letters, digits, . _ @ -, at most 64");
            }
            return new Principal(name == null ? ANONYMOUS : name, Principal.Kind.OPERATOR);
        }
        Credential match = null;
        for (Credential credential : credentials) {
            if (matches(token, credential.sha256())) {
                match = credential;
            }
        }
        if (match == null) {
            throw unauthorized(
                    token == null
                            ? "no credential; send Authorization: Bearer with your token"
                            : "the token is not known here; ask your administrator for one");
        }
        return new Principal(
                match.user(), match.operator() ? Principal.Kind.OPERATOR : Principal.Kind.USER);
    }

    private static boolean matches(@Nullable String token, String sha256) {
        return token != null
                && MessageDigest.isEqual(
                        sha256(token).getBytes(StandardCharsets.US_ASCII),
                        sha256.getBytes(StandardCharsets.US_ASCII));
    }

    private static @Nullable String bearer(Request request) {
        String header = request.getHeaders().get(HttpHeader.AUTHORIZATION);
        if (header == null
                || header.length() > MAX_TOKEN_CHARS + BEARER.length()
                || !header.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
            return null;
        }
        return header.substring(BEARER.length()).strip();
    }

    /**
     * Where everybody on the machine is trusted, a web page in somebody's browser is not: it must
     * neither send requests here from its own origin nor reach us under a name of its own.
     */
    private static void requireSameOrigin(Request request) {
        String host = Request.getServerName(request);
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        boolean ownName = host == null || host.equals("localhost") || isAddress(host);
        boolean ownOrigin =
                origin == null
                        || origin.equals("http://" + request.getHeaders().get(HttpHeader.HOST));
        if (!ownName || !ownOrigin) {
            throw new OffcutException(
                    ErrorCode.FORBIDDEN,
                    "requests from other web pages are refused; use the address of the scheduler itself");
        }
    }

    private static boolean isAddress(String host) {
        return host.matches("[0-9.]+") || host.contains(":");
    }

    private static OffcutException unauthorized(String message) {
        return new OffcutException(ErrorCode.UNAUTHORIZED, message);
    }
}
