#include "cli/session/prompt.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/base/output.hpp"
#include "json/utf8.hpp"
#include "os/home.hpp"

namespace cairn::cli {
namespace {

constexpr std::size_t kLineMax = 4096;
constexpr const char* kByFile = "--password-file FILE reads the password from a file";
constexpr char kInterrupt = 0x03;
constexpr char kEndOfInput = 0x04;
constexpr char kKillLine = 0x15;
constexpr char kDelete = 0x7f;

/// The terminal as a password wants it: nothing is shown, and keys come one by one, so that Ctrl-C
/// is seen here and cannot leave the terminal silent.
class SilentTerminal {
public:
    SilentTerminal() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
        changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
    SilentTerminal(const SilentTerminal&) = delete;
    SilentTerminal& operator=(const SilentTerminal&) = delete;
    ~SilentTerminal() {
        if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    [[nodiscard]] bool changed() const { return changed_; }

private:
    termios before_{};
    bool changed_ = false;
};

/// What is typed, wiped when it goes.
struct Typed {
    std::string text;
    Typed() { text.reserve(kLineMax); }
    Typed(const Typed&) = delete;
    Typed& operator=(const Typed&) = delete;
    ~Typed() { wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}); }
    void drop_character() {
        while (!text.empty() && json::is_continuation(text.back())) text.pop_back();
        if (!text.empty()) text.pop_back();
    }
};

ssize_t read_byte(int descriptor, char& c) {
    ssize_t got = 0;
    do {
        got = ::read(descriptor, &c, 1);
    } while (got < 0 && errno == EINTR);
    return got;
}

Outcome<SecretText> ask(const std::string& question) {
    Output err{STDERR_FILENO};
    Typed typed;
    {
        const SilentTerminal silent;
        if (!silent.changed())
            return fail(usage_failure("The terminal cannot be silenced for a password.", kByFile));
        err.write(question);
        for (char c = 0; read_byte(STDIN_FILENO, c) == 1 && c != '\n' && c != '\r';) {
            if (c == kInterrupt || (c == kEndOfInput && typed.text.empty())) {
                err.write("\n");
                return fail(usage_failure("No password was given.", kByFile));
            }
            if (c == kDelete || c == '\b') {
                typed.drop_character();
            } else if (c == kKillLine) {
                typed.text.clear();
            } else if (typed.text.size() < kLineMax) {
                typed.text += c;
            }
        }
    }
    err.write("\n");
    return SecretText{typed.text};
}

/// Byte by byte, so that nothing after the line is taken from a pipe that others read on.
Outcome<SecretText> first_line(int descriptor, const std::string& name, const char* next) {
    Typed typed;
    char c = 0;
    ssize_t got = 0;
    while ((got = read_byte(descriptor, c)) == 1 && c != '\n') {
        if (typed.text.size() == kLineMax)
            return fail(usage_failure(name +
                                      " begins with a line that is too long for a password: " +
                                      "expected at most " + std::to_string(kLineMax) + " bytes."));
        typed.text += c;
    }
    if (got < 0) return fail(usage_failure(name + " cannot be read: " + std::strerror(errno)));
    if (typed.text.ends_with('\r')) typed.text.pop_back();
    if (typed.text.empty())
        return fail(
            usage_failure(name + " holds no password: expected it in the first line.", next));
    return SecretText{typed.text};
}

}  // namespace

Outcome<SecretText> read_password(const std::string& question, const std::string& file,
                                  bool twice) {
    if (file == "-" || (file.empty() && isatty(STDIN_FILENO) == 0))
        return first_line(STDIN_FILENO, "Standard input", kByFile);
    if (!file.empty()) {
        const int descriptor = ::open(from_home(file).c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor < 0)
            return fail(usage_failure("--password-file " + file +
                                      " cannot be read: " + std::strerror(errno) +
                                      "; expected a file whose first line is the password."));
        auto line = first_line(descriptor, "The file " + file, "");
        ::close(descriptor);
        return line;
    }
    auto first = ask(question + ": ");
    if (!first || !twice) return first;
    const auto second = ask("The same again: ");
    if (!second) return fail(second.error());
    if (first->reveal() != second->reveal())
        return fail(usage_failure("Nothing was done: the two passwords differ."));
    return first;
}

Outcome<bool> confirm(const std::string& question, const std::string& instead) {
    if (isatty(STDIN_FILENO) == 0) return fail(usage_failure(instead));
    Output{STDERR_FILENO}.write(question);
    std::string answer;
    for (char c = 0; read_byte(STDIN_FILENO, c) == 1 && c != '\n';)
        if (answer.size() < kLineMax) answer += c;
    return answer == "yes";
}

}  // namespace cairn::cli
