#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace cairn::log {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Format : std::uint8_t { text, json };

/// One named value of a record.
struct Field {
    Field(std::string_view field, std::string_view text) : name{field}, value{text} {}
    Field(std::string_view field, const char* text) : name{field}, value{text} {}
    Field(std::string_view field, std::string text) : name{field}, value{std::move(text)} {}
    Field(std::string_view field, std::uint64_t number)
        : name{field}, value{std::to_string(number)}, is_number{true} {}

    std::string_view name;
    std::string value;
    bool is_number = false;
};

/// Where records go: standard error, one a line. Call once, before any thread is started.
void open(Level least, Format format);
/// "debug", "info", "warn", "error"; false for any other word.
[[nodiscard]] bool parse_level(std::string_view word, Level& level);

/// One record: an event in a few words, and its values. Control bytes, line separators and escape
/// sequences in values are escaped, and a value is cut at 1,000 bytes, so that a record is one line
/// whatever a stranger sent. Any thread.
void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});

inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::info, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::warn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::error, event, fields);
}
inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::debug, event, fields);
}

}  // namespace cairn::log
