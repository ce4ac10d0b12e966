#include "app/config_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "os/byte_file.hpp"
#include "os/home.hpp"

namespace cairn {
namespace {

constexpr std::size_t kConfigMax = 1024UL * 1024;  // bytes

bool set_in_environment(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    });
    return std::getenv(("CAIRN_" + name).c_str()) != nullptr;  // NOLINT(concurrency-mt-unsafe)
}

/// A text, number or flag as a word; nothing of any other kind.
std::optional<std::string> word_of(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
    std::ostringstream out;
    if (const auto number = node.value_exact<std::int64_t>()) out << *number;
    else if (const auto real = node.value_exact<double>()) out << *real;
    else return std::nullopt;
    return out.str();
}

}  // namespace

Result<std::vector<std::string>, std::string> words_of_config(const std::string& path) {
    const auto text = read_text(from_home(path), kConfigMax);
    if (!text) return fail("--config " + path + ": cannot be read: " + text.error());
    toml::table table;
    try {
        table = toml::parse(*text, path);
    } catch (const toml::parse_error& error) {
        return fail("--config " + path + ": line " + std::to_string(error.source().begin.line) + ": " +
                    std::string{error.description()});
    }
    std::vector<std::string> words;
    for (const auto& [key, value] : table) {
        const std::string name{key.str()};
        if (set_in_environment(name)) continue;
        const auto add = [&](const toml::node& node) {
            const auto word = word_of(node);
            if (word) words.push_back("--" + name + "=" + *word);
            return word.has_value();
        };
        bool taken = true;
        if (const auto* list = value.as_array()) {
            for (const auto& item : *list) taken = taken && add(item);
        } else {
            taken = add(value);
        }
        if (!taken)
            return fail("--config " + path + ": line " + std::to_string(value.source().begin.line) +
                        ": \"" + name + "\" must be a text, a number, true or false, or a list of these");
    }
    return words;
}

}  // namespace cairn
