package io.offcut.bundle;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** The name of a bundle: SHA-256 of the archive, 64 lower-case hexadecimal digits. */
public final class BundleHash {
    private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");

    private BundleHash() {}

    /** Whether the text has the form of a bundle's hash. */
    public static boolean isHash(String text) {
        return FORM.matcher(text).matches();
    }

    /** Hash of a file's content. Reads it once; blocking. */
    public static String of(Path file) throws IOException {
        MessageDigest digest = newDigest();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count; (count = in.read(buffer)) >= 0; ) {
                digest.update(buffer, 0, count);
            }
        }
        return text(digest);
    }

    static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    static String text(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
