package io.offcut.scheduler.internal.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;

/**
 * The page at {@code /}: one file, no other resources. Its content security policy allows exactly
 * its own script and style, by hash.
 */
final class LivePage {
    private final Reply reply;

    private LivePage(Reply reply) {
        this.reply = reply;
    }

    static LivePage load() {
        byte[] html = resource("page.html");
        String text = new String(html, StandardCharsets.UTF_8);
        String policy =
                "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
                        + "; script-src 'sha256-"
                        + hash(text, "script")
                        + "'; style-src 'sha256-"
                        + hash(text, "style")
                        + "'";
        return new LivePage(
                new Reply.Body(
                        200,
                        "text/html; charset=utf-8",
                        html,
                        Map.of(
                                "Content-Security-Policy",
                                policy,
                                "Referrer-Policy",
                                "no-referrer")));
    }

    Reply reply() {
        return reply;
    }

    private static String hash(String html, String tag) {
        int start = html.indexOf("<" + tag + ">") + tag.length() + 2;
        int end = html.indexOf("</" + tag + ">");
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(html.substring(start, end).getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** A file that lies beside the classes of the scheduler. */
    static byte[] resource(String name) {
        try (InputStream in = LivePage.class.getResourceAsStream("/io/offcut/scheduler/" + name)) {
            if (in == null) {
                throw new IllegalStateException("resource " + name + " is missing");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
