package io.offcut.cli.simulate.sweep;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** SHA-256 of texts and files. */
final class Digest {
    private static final int FOLDERS_DEEP = 1;
    private static final int MOST_FILES = 1_000;

    private Digest() {}

    static String of(String text) {
        return hex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * The digests of all files and folders that words of a command line name, by themselves or
     * after an equals sign, with or without parameters behind a comma: a log, and whatever else an
     * option takes from a file.
     */
    static Map<String, String> ofFilesIn(List<String> words) {
        Map<String, String> digests = new TreeMap<>();
        for (String word : words) {
            String value = word.startsWith("-") ? word.substring(word.indexOf('=') + 1) : word;
            int comma = value.indexOf(',');
            addAll(value, digests);
            if (comma > 0) {
                addAll(value.substring(0, comma), digests);
            }
        }
        return digests;
    }

    private static void addAll(String name, Map<String, String> digests) {
        // A folder that is merely named like a model, as poisson, is not one of many gigabytes.
        try (Stream<Path> found =
                name.isEmpty() ? Stream.empty() : Files.walk(Path.of(name), FOLDERS_DEEP)) {
            found.filter(Files::isRegularFile)
                    .limit(MOST_FILES)
                    .map(Path::toString)
                    .sorted()
                    .forEach(file -> digests.computeIfAbsent(file, Digest::ofFile));
        } catch (InvalidPathException | IOException e) {
            // No file: a word like any other.
        }
    }

    private static String ofFile(String name) {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(Path.of(name)), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
            return hex(digest.digest());
        } catch (IOException e) {
            throw new OffcutException(ErrorCode.NOT_FOUND, "cannot read " + name + ": " + e, e);
        }
    }

    private static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
