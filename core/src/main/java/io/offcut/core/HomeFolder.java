package io.offcut.core;

import java.nio.file.Path;
import java.util.Map;

/** The home folder of the user, as a shell understands {@code ~}. */
public final class HomeFolder {
    private HomeFolder() {}

    /** That of this process. */
    public static Path path() {
        return of(System.getenv());
    }

    /** {@code HOME} if it is an absolute path, else the home of the account. */
    static Path of(Map<String, String> environment) {
        String home = environment.getOrDefault("HOME", "");
        return Path.of(home.startsWith("/") ? home : System.getProperty("user.home", "/"));
    }
}
