#include "app/option_values.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>
#include <utility>

#include "app/nearest_word.hpp"

namespace cairn {
namespace {

std::string expectation(const std::string& what, const std::string& found) {
    return "expected " + what + ", found \"" + found + "\"";
}

std::string shown_number(double number) {
    std::ostringstream out;
    out.precision(std::numeric_limits<double>::digits10);
    out << number;
    return out.str();
}

}  // namespace

CLI::Validator one_of(std::vector<std::string> words) {
    std::string description = (words.size() == 2 ? "either " : "one of ") + one_of_these(words);
    return {[words = std::move(words)](const std::string& text) {
                for (const std::string& word : words)
                    if (text == word) return std::string{};
                return expectation(one_of_these(words), text) + did_you_mean(text, words);
            },
            std::move(description)};
}

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
    // The ends of a type are no limits that anybody has to know before he meets them.
    const bool endless = most >= std::numeric_limits<std::uint32_t>::max();
    const std::string range = std::to_string(least) + " to " + std::to_string(most);
    std::string description = !endless     ? range
                              : least == 0 ? ""
                                           : std::to_string(least) + " or more";
    return {[least, most, range](std::string& text) {
                std::uint64_t number = 0;
                const char* last = text.data() + text.size();
                const auto read = std::from_chars(text.data(), last, number);
                if (text.empty() || read.ec != std::errc{} || read.ptr != last || number < least ||
                    number > most)
                    return expectation("a whole number, " + range, text);
                text = std::to_string(number);
                return std::string{};
            },
            std::move(description)};
}

CLI::Validator number(double least, double most) {
    const std::string range = shown_number(least) + " to " + shown_number(most);
    return {[least, most, range](const std::string& text) {
                double number = 0;
                const char* last = text.data() + text.size();
                const auto read = std::from_chars(text.data(), last, number);
                if (text.empty() || read.ec != std::errc{} || read.ptr != last ||
                    !(number >= least && number <= most))
                    return expectation("a number, " + range, text);
                return std::string{};
            },
            range};
}

CLI::Validator true_or_false() {
    return {
        [](const std::string& text) {
            try {
                (void)CLI::detail::to_flag_value(text);
                return std::string{};
            } catch (const std::exception&) {
                return expectation("true or false", text) + did_you_mean(text, {"true", "false"});
            }
        },
        ""};
}

}  // namespace cairn
