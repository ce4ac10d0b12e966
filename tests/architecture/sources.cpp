#include "architecture/sources.hpp"

#include <array>
#include <map>
#include <optional>
#include <regex>
#include <set>

namespace architecture {

namespace {

using Rooms = std::set<std::string, std::less<>>;

// Who may include whom, beside itself. `app` may include everything and is not listed.
const std::map<std::string, Rooms, std::less<>> kMayInclude = {
    {"core", {}},
    {"os", {"core"}},
    {"json", {"core"}},
    {"ledger", {"core"}},
    {"storage", {"core", "os", "ledger"}},
    {"net", {"core", "ledger"}},
    {"net/transport", {"core", "os", "ledger", "net", "node"}},
    {"miner", {"core", "ledger"}},
    {"miner/workers", {"core", "ledger", "miner"}},
    {"wallet", {"core", "os", "json"}},
    {"node", {"core", "ledger", "net", "miner"}},
    {"api", {"core", "os", "json", "ledger", "node", "wallet"}},
    {"cli", {"core", "os", "json", "wallet"}},
    {"sim", {"core", "ledger", "storage", "net", "miner", "node"}},
};

const Rooms kPure = {"core", "json", "ledger", "node", "net", "miner", "sim"};

struct Impurity {
    std::string what;
    std::regex in;
};

const std::vector<Impurity>& impurities() {
    static const std::vector<Impurity> all = {
        {"a thread",
         std::regex{R"(<(thread|future|stop_token|condition_variable|semaphore|latch|barrier)>)"
                    R"(|\bstd::(jthread|thread|async|this_thread)\b|\bpthread_)"}},
        {"a mutex", std::regex{R"(<(mutex|shared_mutex)>|\bstd::\w*mutex\b)"}},
        {"a clock",
         std::regex{
             R"(<ctime>|\w*_clock\s*::\s*now|\bstd::time\s*\(|\b(clock_)?gettime(ofday)?\s*\()"}},
        {"a random device",
         std::regex{
             R"(<random>|\brandom_device\b|\bgetrandom\b|\bgetentropy\b|\brandombytes_|\bRAND_(priv_)?bytes\b)"
             R"(|\bstd::rand\b)"}},
        {"a file", std::regex{R"(<(fstream|filesystem)>|<(unistd|fcntl)\.h>|\bstd::[io]?fstream\b)"
                              R"(|\bf(d|re)?open\s*\()"}},
        {"a logger", std::regex{R"(<spdlog|\bspdlog::|<iostream>|\bstd::(cout|cerr|clog)\b)"}},
        {"a socket", std::regex{R"(<boost/(asio|beast)|<sys/socket\.h>)"}},
    };
    return all;
}

std::optional<std::string> room_of(std::string_view path) {
    for (const std::string_view inner : {"net/transport/", "miner/workers/"}) {
        if (path.starts_with(inner)) return std::string{inner.substr(0, inner.size() - 1)};
    }
    const auto slash = path.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    return std::string{path.substr(0, slash)};
}

std::optional<std::string> foreign_include(const std::string& room, std::string_view included) {
    const auto target = room_of(included);
    if (!target)
        return "includes \"" + std::string{included} + "\", which is not written from src/";
    if (room == "app" || *target == room) return std::nullopt;
    if (!kMayInclude.contains(*target) && *target != "app") {
        return "includes \"" + std::string{included} + "\" of a room that nobody knows";
    }
    if (kMayInclude.find(room)->second.contains(*target)) return std::nullopt;
    return room + " includes \"" + std::string{included} + "\"";
}

// Copies a literal that begins at `at` with its inside blanked; returns where it ends.
std::size_t blank_literal(std::string_view text, std::size_t at, std::string& out) {
    const char quote = text[at];
    out.push_back(quote);
    for (++at; at < text.size() && text[at] != quote && text[at] != '\n'; ++at) {
        if (text[at] == '\\') {
            out.push_back(' ');
            ++at;
        }
        out.push_back(' ');
    }
    if (at < text.size()) out.push_back(text[at++]);
    return at;
}

std::size_t blank_until(std::string_view text, std::size_t at, std::string_view end,
                        std::string& out) {
    const auto found = text.find(end, at);
    const auto stop = found == std::string_view::npos ? text.size() : found + end.size();
    for (; at < stop; ++at) out.push_back(text[at] == '\n' ? '\n' : ' ');
    return stop;
}

bool begins_raw_string(std::string_view text, std::size_t at) {
    return text.substr(at).starts_with("R\"") && (at == 0 || (std::isalnum(text[at - 1]) == 0));
}

bool is_digit_separator(std::string_view text, std::size_t at) {
    return text[at] == '\'' && at > 0 &&
           std::isxdigit(static_cast<unsigned char>(text[at - 1])) != 0;
}

}  // namespace

std::string without_comments_and_literals(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto rest = text.substr(at);
        if (rest.starts_with("//")) {
            at = std::min(text.find('\n', at), text.size());
        } else if (rest.starts_with("/*")) {
            at = blank_until(text, at, "*/", out);
        } else if (begins_raw_string(text, at)) {
            const auto open = text.find('(', at);
            const std::string end = ")" + std::string{text.substr(at + 2, open - at - 2)} + "\"";
            at = blank_until(text, at, end, out);
        } else if (text[at] == '"' || (text[at] == '\'' && !is_digit_separator(text, at))) {
            at = blank_literal(text, at, out);
        } else {
            out.push_back(text[at++]);
        }
    }
    return out;
}

std::vector<Violation> inspect(std::string_view path, std::string_view text) {
    static const std::regex kInclude{R"re(^\s*#\s*include\s*"([^"]*)")re"};
    std::vector<Violation> found;
    const auto room = room_of(path);
    if (!room || (!kMayInclude.contains(*room) && *room != "app")) {
        return {{std::string{path}, 0, "stands in no room of the architecture"}};
    }
    if (path.ends_with("_test.cpp") || path.ends_with("_test.hpp")) return {};
    const std::string code = without_comments_and_literals(text);
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < code.size();) {
        ++number;
        const auto end = std::min(code.find('\n', begin), code.size());
        const std::string line = code.substr(begin, end - begin);
        begin = end + 1;
        // Blanking keeps lines but not columns, so the include's name is read from the original.
        if (line.find("include") != std::string::npos) {
            std::size_t from = 0;
            for (std::size_t i = 1; i < number; ++i) from = text.find('\n', from) + 1;
            const std::string original{text.substr(from, text.find('\n', from) - from)};
            std::smatch match;
            if (std::regex_search(original, match, kInclude)) {
                if (auto what = foreign_include(*room, match[1].str())) {
                    found.push_back({std::string{path}, number, *what});
                }
            }
        }
        if (!kPure.contains(*room)) continue;
        for (const auto& [what, pattern] : impurities()) {
            if (std::regex_search(line, pattern)) {
                found.push_back(
                    {std::string{path}, number, *room + " names " + what + ": " + line});
            }
        }
    }
    return found;
}

}  // namespace architecture
