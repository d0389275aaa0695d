/** Configuration of every component: a record from YAML file, environment and flags. */
@NullMarked
package io.offcut.cli.config;

import org.jspecify.annotations.NullMarked;
