/** Configuration of every component: a record from YAML file, environment and flags. */
@NullMarked
package io.offcut.client.config;

import org.jspecify.annotations.NullMarked;
