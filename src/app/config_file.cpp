#include "app/config_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "app/nearest_word.hpp"
#include "os/byte_file.hpp"
#include "os/home.hpp"

namespace cairn {
namespace {

constexpr std::size_t kConfigMax = 1024UL * 1024;  // bytes

/// A text, number or flag as a word; nothing of any other kind.
std::optional<std::string> word_of(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
    std::ostringstream out;
    if (const auto number = node.value_exact<std::int64_t>())
        out << *number;
    else if (const auto real = node.value_exact<double>())
        out << *real;
    else
        return std::nullopt;
    return out.str();
}

/// Adds what one member says; false if it is of a kind that no setting has.
bool add_member(std::vector<FoundSetting>& found, const std::string& name, const toml::node& value,
                const std::string& where) {
    const auto add = [&](const toml::node& node) {
        auto word = word_of(node);
        if (word) found.push_back({name, std::move(*word), where});
        return word.has_value();
    };
    const auto* list = value.as_array();
    if (list == nullptr) return add(value);
    for (const auto& item : *list)
        if (!add(item)) return false;
    return true;
}

}  // namespace

Result<std::vector<FoundSetting>, std::string> settings_of_config(
    const std::string& path, const std::vector<std::string>& known) {
    const auto text = read_text(from_home(path), kConfigMax);
    if (!text) return fail("--config " + path + ": cannot be read: " + text.error());
    const auto at = [&](const toml::source_region& source) {
        return path + ": line " + std::to_string(source.begin.line) + ": ";
    };
    toml::table table;
    try {
        table = toml::parse(*text, path);
    } catch (const toml::parse_error& error) {
        return fail("--config " + at(error.source()) + std::string{error.description()});
    }
    std::vector<FoundSetting> found;
    for (const auto& [key, value] : table) {
        const std::string name{key.str()};
        if (std::ranges::find(known, name) == known.end())
            return fail("--config " + at(key.source()) + "there is no setting \"" + name + "\"" +
                        did_you_mean(name, known) +
                        " (cairn node --help lists them; they stand here without the dashes)");
        if (!add_member(found, name, value, at(key.source()) + name))
            return fail("--config " + at(value.source()) + "\"" + name +
                        "\" must be a text, a number, true or false, or a list of these");
    }
    return found;
}

std::vector<FoundSetting> settings_of_environment(const std::vector<std::string>& known) {
    std::vector<FoundSetting> found;
    for (const std::string& name : known) {
        std::string variable = "CAIRN_" + name;
        std::ranges::transform(variable, variable.begin(), [](char c) {
            return c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
        });
        const char* value = std::getenv(variable.c_str());  // NOLINT(concurrency-mt-unsafe)
        if (value != nullptr && *value != '\0') found.push_back({name, value, variable});
    }
    return found;
}

}  // namespace cairn
