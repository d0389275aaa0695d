package io.offcut.slurm.internal.cluster;

import io.offcut.slurm.internal.exec.BoundedCommand;
import io.offcut.slurm.internal.exec.Tools;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which Slurm is installed. */
final class SlurmVersion {
    private static final Pattern VERSION = Pattern.compile("\\b(\\d{2})\\.(\\d{2})");

    private SlurmVersion() {}

    /** The year part: 22 of {@code slurm-wlm 22.05.8}; 22 if it cannot be told. */
    static int installedMajor() {
        String text =
                BoundedCommand.run(
                                List.of(Packages.path("slurmd"), "-V"),
                                Tools.environment(null),
                                null,
                                Duration.ofSeconds(5))
                        .output();
        return major(text);
    }

    static int major(String text) {
        Matcher matcher = VERSION.matcher(text);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 22;
    }
}
