package io.offcut.bundle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Good archives, from which tests make bad ones by changing bytes. */
final class Zips {
    static final String MANIFEST =
            """
            name: demo
            functions:
              - name: gzip
                kind: command
                command: [gzip, -c]
            """;

    private Zips() {}

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** An archive with a good manifest and these further entries. */
    static byte[] with(Map<String, byte[]> more) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            add(zip, BundleArchive.MANIFEST, text(MANIFEST));
            for (var entry : more.entrySet()) {
                add(zip, entry.getKey(), entry.getValue());
            }
        }
        return bytes.toByteArray();
    }

    static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(content);
        zip.closeEntry();
    }

    /** Replaces every occurrence of a text by one of the same length. */
    static byte[] replaced(byte[] bytes, String from, String to) {
        String all = new String(bytes, StandardCharsets.ISO_8859_1);
        return all.replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Where the central record of the last entry begins. */
    static int lastCentralRecord(byte[] zip) {
        return new String(zip, StandardCharsets.ISO_8859_1).lastIndexOf("PK\001\002");
    }

    static Path write(Path folder, byte[] zip) throws IOException {
        return Files.write(folder.resolve("test.zip"), zip);
    }
}
