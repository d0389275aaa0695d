package io.offcut.slurm.internal.exec;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where programs are, and the environment Slurm's programs are run with. */
public final class Tools {
    /** Daemons live in sbin, which is not on every user's PATH. */
    private static final List<String> USUAL_PLACES =
            List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin", "/usr/local/sbin");

    /** Variables by which a user's shell changes what Slurm's commands print. */
    private static final List<String> PRINT_PREFIXES =
            List.of("SLURM", "SQUEUE_", "SINFO_", "SCONTROL_", "SBATCH_", "SRUN_", "SALLOC_");

    private Tools() {}

    /** The program of this name: in the directory if one is given, else on PATH, else usual. */
    public static Optional<Path> find(@Nullable Path directory, String program) {
        List<String> places = new ArrayList<>();
        if (directory != null) {
            places.add(directory.toString());
        } else {
            String path = System.getenv("PATH");
            if (path != null) {
                places.addAll(List.of(path.split(":", -1)));
            }
            places.addAll(USUAL_PLACES);
        }
        return places.stream()
                .filter(place -> place.startsWith("/") && place.indexOf('\0') < 0)
                .map(place -> Path.of(place).resolve(program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** This process's environment without what steers Slurm, and SLURM_CONF if one is given. */
    public static Map<String, String> environment(@Nullable Path slurmConf) {
        Map<String, String> environment = new HashMap<>(System.getenv());
        String inherited = environment.get("SLURM_CONF");
        environment.keySet().removeIf(name -> PRINT_PREFIXES.stream().anyMatch(name::startsWith));
        if (slurmConf != null) {
            environment.put("SLURM_CONF", slurmConf.toString());
        } else if (inherited != null) {
            environment.put("SLURM_CONF", inherited);
        }
        return environment;
    }
}
