@NullMarked
package io.offcut.cli.config;

import org.jspecify.annotations.NullMarked;
