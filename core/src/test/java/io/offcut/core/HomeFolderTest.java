package io.offcut.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HomeFolderTest {
    @Test
    void isHomeOfTheEnvironmentBeforeThatOfTheAccount() {
        Path account = Path.of(System.getProperty("user.home"));
        assertThat(HomeFolder.of(Map.of("HOME", "/h/ada"))).isEqualTo(Path.of("/h/ada"));
        assertThat(HomeFolder.of(Map.of("HOME", ""))).isEqualTo(account);
        assertThat(HomeFolder.of(Map.of())).isEqualTo(account);
    }
}
