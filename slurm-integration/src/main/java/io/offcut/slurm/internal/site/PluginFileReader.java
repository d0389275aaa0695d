package io.offcut.slurm.internal.site;

import io.offcut.slurm.internal.site.SiteFacts.PluginFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/** Looks at a plug-in's file: who may change it, and for which Slurm it was compiled. */
final class PluginFileReader {
    private static final int MAX_BYTES = 64 << 20;
    private static final int WRITABLE_BY_OTHERS = 0022;
    private static final int STICKY = 01000;

    private PluginFileReader() {}

    static PluginFile read(Path path) {
        String problem = "";
        String version = "";
        String writers = "";
        try {
            Path real = path.toRealPath();
            writers = writers(real);
            if (!Files.isRegularFile(real)) {
                problem = "is not a file";
            } else {
                version = version(real);
            }
        } catch (IOException e) {
            problem = Files.exists(path) ? "cannot be read" : "is not there";
        }
        return new PluginFile(path.toString(), problem, writers, version);
    }

    /** Whoever may write the file, or a folder above it, decides what root's slurmd runs. */
    private static String writers(Path real) throws IOException {
        for (Path at = real; at != null; at = at.getParent()) {
            int owner = (Integer) Files.getAttribute(at, "unix:uid");
            int mode = (Integer) Files.getAttribute(at, "unix:mode");
            // In a sticky folder nobody replaces what is another's.
            boolean kept = !at.equals(real) && (mode & STICKY) != 0;
            if (owner != 0) {
                return at + " belongs to user " + Files.getOwner(at).getName();
            }
            if ((mode & WRITABLE_BY_OTHERS) != 0 && !kept) {
                return at + " may be written by others than root";
            }
        }
        return "";
    }

    private static String version(Path real) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(real)) {
            bytes = in.readNBytes(MAX_BYTES);
        }
        OptionalInt number = ElfSymbol.intOf(bytes, "plugin_version");
        return number.isPresent() ? text(number.getAsInt()) : "";
    }

    /** SLURM_VERSION_NUM of slurm_version.h: one byte each. */
    private static String text(int number) {
        return "%d.%02d.%d".formatted(number >>> 16 & 0xff, number >>> 8 & 0xff, number & 0xff);
    }
}
