package io.offcut.slurm.internal.site;

import io.offcut.slurm.internal.site.SiteFacts.PluginFile;
import io.offcut.slurm.internal.site.SiteFacts.Plugstack;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds and reads Slurm's files on this machine. */
public final class SiteFiles {
    private static final int MAX_BYTES = 1 << 20;

    /** The last two are where slurmd keeps what a configless controller sent it. */
    private static final List<String> USUAL =
            List.of(
                    "/etc/slurm/slurm.conf",
                    "/run/slurm/conf/slurm.conf",
                    "/var/spool/slurmd/conf-cache/slurm.conf");

    private final @Nullable Path slurmConf;
    private final ConfigTable config;

    private SiteFiles(@Nullable Path slurmConf, ConfigTable config) {
        this.slurmConf = slurmConf;
        this.config = config;
    }

    /**
     * The files around the slurm.conf that was named, or that this machine's commands use.
     *
     * @param shownConfig what {@code scontrol show config} printed; its paths are the controller's
     */
    public static SiteFiles locate(@Nullable Path named, @Nullable String shownConfig) {
        ConfigTable config = ConfigTable.ofOutput(shownConfig);
        String inherited = Objects.requireNonNullElse(System.getenv("SLURM_CONF"), "");
        Path found =
                named != null
                        ? named.toAbsolutePath()
                        : Stream.concat(
                                        Stream.of(inherited, config.get("SLURM_CONF")),
                                        USUAL.stream())
                                .filter(path -> path.startsWith("/") && path.indexOf('\0') < 0)
                                .map(Path::of)
                                .filter(Files::exists)
                                .findFirst()
                                .orElse(null);
        return new SiteFiles(found, config);
    }

    /** cgroup.conf. */
    public Reading cgroupConf() {
        if (slurmConf == null) {
            return Reading.none("is not on this machine");
        }
        Path file = slurmConf.resolveSibling("cgroup.conf");
        if (!Files.isRegularFile(file)) {
            return Reading.none("is not there");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return Reading.of(new String(in.readNBytes(MAX_BYTES), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return Reading.none("cannot be read");
        }
    }

    /** plugstack.conf with what it includes. */
    public Plugstack plugstack() {
        String set = config.get("PlugStackConfig");
        if (set.startsWith("/") && set.indexOf('\0') < 0) {
            return PlugstackReader.read(Path.of(set));
        }
        return slurmConf == null
                ? new Plugstack("", "no slurm.conf on this machine", List.of(), List.of())
                : PlugstackReader.read(slurmConf.resolveSibling("plugstack.conf"));
    }

    /** The plug-in file that the stack names first; null if it names none. */
    public @Nullable PluginFile plugin(Plugstack stack) {
        if (stack.offcut().isEmpty()) {
            return null;
        }
        String written = stack.offcut().getFirst().path();
        return PluginFileReader.read(
                written.startsWith("/") ? Path.of(written) : inPluginDir(written));
    }

    private Path inPluginDir(String name) {
        List<Path> places =
                Stream.of(config.get("PluginDir").split(":", -1))
                        .filter(folder -> folder.startsWith("/"))
                        .map(folder -> Path.of(folder).resolve(name))
                        .toList();
        return places.stream()
                .filter(Files::exists)
                .findFirst()
                .orElse(places.isEmpty() ? Path.of("/").resolve(name) : places.getFirst());
    }
}
