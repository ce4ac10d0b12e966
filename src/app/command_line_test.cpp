#include "app/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Typed = std::vector<std::string>;

/// Sets a variable of the environment as long as it lives.
class Variable {
public:
    Variable(const char* name, const char* value) : name_{name} { setenv(name, value, 1); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() { unsetenv(name_); }

private:
    const char* name_;
};

/// What a wrong command line is told, without the line feed.
std::string told(const Typed& words) {
    ::testing::internal::CaptureStderr();
    const auto invocation = parse_command_line(words);
    std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(std::holds_alternative<Exit>(invocation)) << text;
    if (const auto* exit = std::get_if<Exit>(&invocation)) {
        EXPECT_EQ(exit->status, 2);
    }
    EXPECT_TRUE(text.starts_with("cairn: ") && text.ends_with(")\n")) << text;
    return text.substr(0, text.size() - 1);
}

std::string help_of(Typed words) {
    words.emplace_back("--help");
    ::testing::internal::CaptureStdout();
    const auto invocation = parse_command_line(words);
    std::string text = ::testing::internal::GetCapturedStdout();
    EXPECT_EQ(std::get<Exit>(invocation).status, 0);
    return text;
}

const std::vector<Typed> kCommands = {{},
                                      {"node"},
                                      {"demo"},
                                      {"verify"},
                                      {"export"},
                                      {"import"},
                                      {"chain"},
                                      {"chain", "new"},
                                      {"status"},
                                      {"block"},
                                      {"tx"},
                                      {"pool"},
                                      {"balance"},
                                      {"inv"},
                                      {"watch"},
                                      {"restart"},
                                      {"mine"},
                                      {"send"},
                                      {"login"},
                                      {"logout"},
                                      {"user"},
                                      {"user", "new"},
                                      {"user", "list"},
                                      {"user", "remove"},
                                      {"nodes"},
                                      {"nodes", "remove"},
                                      {"register"},
                                      {"resolve"},
                                      {"getblocks"}};

std::string joined(const Typed& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

TEST(Help, FitsIntoEightyColumnsAndSpeaksNoTypes) {
    for (const Typed& command : kCommands) {
        std::istringstream lines{help_of(command)};
        for (std::string line; std::getline(lines, line);) {
            EXPECT_LE(line.size(), 80U) << joined(command) << ": " << line;
            EXPECT_FALSE(line.ends_with(' ')) << line;
            for (const auto* type : {"UINT", "INT in", "FLOAT", "(Env:", "{", "1e+06", "REQUIRED"})
                EXPECT_EQ(line.find(type), std::string::npos) << line;
        }
    }
}

TEST(Help, BeginsWithASentenceAndTheUsage) {
    for (const Typed& command : kCommands) {
        const std::string text = help_of(command);
        EXPECT_NE(text.find(".\n"), std::string::npos) << text;
        EXPECT_THAT(text, HasSubstr("\n\nUsage: cairn " + joined(command)));
        EXPECT_GE(text[0], 'A');
        EXPECT_LE(text[0], 'Z');
    }
}

TEST(Help, TellsSharedOptionsOnceAndExitCodesOnce) {
    const std::string whole = help_of({});
    for (const auto* text : {"--node URL", "--datadir FOLDER", "--ca FILE", "--timeout SECONDS",
                             "--json", "-h, --help", "--version", "3  the node"})
        EXPECT_THAT(whole, HasSubstr(text));
    for (const Typed& command : kCommands) {
        if (command.empty()) continue;
        const std::string text = help_of(command);
        for (const auto* shared : {"--ca", "--timeout SECONDS", "-h,", "3  the node"})
            EXPECT_EQ(text.find(shared), std::string::npos) << joined(command) << text;
        EXPECT_THAT(whole, command == Typed{"user"} ? HasSubstr("  user new")
                                                    : HasSubstr("\n  " + joined(command) + " "));
    }
    EXPECT_THAT(help_of({"status"}), HasSubstr("See `cairn --help`"));
}

/// Wherever its lines break.
std::string in_one_line(const std::string& text) {
    std::istringstream words{text};
    std::string out;
    for (std::string word; words >> word;) out += word + " ";
    return out;
}

TEST(Help, SaysUnitsRangesAndDefaultsInWords) {
    const std::string node = in_one_line(help_of({"node"}));
    EXPECT_THAT(node, HasSubstr("--mine-timeout SECONDS"));
    EXPECT_THAT(node, HasSubstr("1 to 86400; default 60."));
    EXPECT_THAT(node, HasSubstr("One of debug, info, warn or error;"));
    EXPECT_THAT(help_of({"send"}), HasSubstr("Usage: cairn send RECIPIENT AMOUNT [OPTIONS]\n"));
}

TEST(UsageErrors, NameTheCommandThatWasMeant) {
    EXPECT_EQ(told({"stauts"}),
              "cairn: there is no command \"stauts\"; did you mean \"status\"? (cairn --help lists "
              "the commands)");
    EXPECT_EQ(told({"frob"}),
              "cairn: there is no command \"frob\" (cairn --help lists the commands)");
    EXPECT_EQ(told({"user", "lst"}),
              "cairn: there is no command \"user lst\"; did you mean \"user list\"? (cairn user "
              "--help lists the commands)");
    EXPECT_THAT(told({"chain", "nwe"}), HasSubstr("did you mean \"chain new\"?"));
    EXPECT_THAT(told({"nodes", "frob"}), HasSubstr("; after nodes may come remove (cairn nodes"));
    EXPECT_THAT(told({}), StartsWith("cairn: a command is missing"));
    EXPECT_THAT(told({"user"}), HasSubstr("after cairn user must come new, list or remove"));
}

TEST(UsageErrors, NameTheOptionThatWasMeant) {
    EXPECT_EQ(told({"send", "bob", "1", "--fe", "2"}),
              "cairn: cairn send has no option \"--fe\"; did you mean \"--fee\"? (cairn send "
              "--help lists its options)");
    EXPECT_THAT(told({"node", "--thraeds=2"}), HasSubstr("did you mean \"--threads\"?"));
    EXPECT_THAT(told({"node", "-mine"}), HasSubstr("did you mean \"--mine\"?"));
    EXPECT_THAT(told({"status", "--jsn"}), HasSubstr("did you mean \"--json\"?"));
    EXPECT_THAT(told({"chain", "new", "f", "--mod", "fixed"}),
                HasSubstr("cairn chain new has no option \"--mod\"; did you mean \"--mode\"?"));
    EXPECT_EQ(told({"node", "--no-such-flag"}).find("did you mean"), std::string::npos);
    // What is missing besides is a consequence of it.
    EXPECT_THAT(told({"send", "--form", "ann", "bob"}), HasSubstr("did you mean \"--from\"?"));
}

TEST(UsageErrors, TellWhereAnOptionBelongs) {
    EXPECT_EQ(told({"--node", "x", "status"}),
              "cairn: \"--node\" belongs after its command, as in cairn status --node (cairn "
              "status --help lists its options)");
    EXPECT_THAT(told({"--fee=1"}), HasSubstr("as in cairn send --fee"));
    EXPECT_THAT(told({"--verson"}), HasSubstr("did you mean \"--version\"?"));
}

TEST(UsageErrors, NameTheValueThatWasMeant) {
    EXPECT_EQ(told({"node", "--log-level", "wran"}),
              "cairn: --log-level: expected debug, info, warn or error, found \"wran\"; did you "
              "mean \"warn\"? (cairn node --help lists its options)");
    EXPECT_THAT(told({"node", "--auth=onn"}), HasSubstr("did you mean \"on\"?"));
    EXPECT_THAT(told({"node", "--store", "memroy"}), HasSubstr("did you mean \"memory\"?"));
    EXPECT_THAT(told({"node", "--mine=treu"}), HasSubstr("did you mean \"true\"?"));
    EXPECT_THAT(told({"user", "new", "x", "--role", "membr"}), HasSubstr("\"member\"?"));
    EXPECT_THAT(told({"chain", "new", "f", "--name", "a", "--prefix", "b", "--mode", "fixd"}),
                HasSubstr("did you mean \"fixed\"?"));
}

TEST(UsageErrors, TellWhichNumbersAreTaken) {
    EXPECT_EQ(told({"mine", "--count", "0"}),
              "cairn: --count: expected a whole number, 1 to 1000, found \"0\" (cairn mine --help "
              "lists its options)");
    EXPECT_THAT(told({"watch", "--every", "0"}), HasSubstr("expected a number, 0.05 to 86400"));
    for (const auto* wrong : {"-1", "0x10", "1.5", "x", "18446744073709551616", "1 "})
        EXPECT_THAT(told({"chain", std::string{"--limit="} + wrong}),
                    HasSubstr("--limit: expected a whole number"));
    EXPECT_EQ(std::get<cli::Chain>(
                  std::get<RunClient>(parse_command_line({"chain", "--limit", "010"})).command)
                  .limit,
              10U);
}

TEST(UsageErrors, TellWhatIsMissing) {
    EXPECT_EQ(told({"send", "bob"}),
              "cairn: AMOUNT is missing: cairn send RECIPIENT AMOUNT [OPTIONS] (cairn send --help "
              "tells more)");
    EXPECT_THAT(told({"mine", "--count"}),
                HasSubstr("--count needs a value, as in cairn mine --count NUMBER"));
    EXPECT_THAT(told({"chain", "new", "f"}), HasSubstr("--name is missing: cairn chain new FILE"));
    EXPECT_THAT(told({"status", "more"}), HasSubstr("\"more\" is one word too many: cairn status"));
}

TEST(Environment, IsNamedWhereItIsWrong) {
    const Variable level{"CAIRN_LOG_LEVEL", "wran"};
    EXPECT_THAT(told({"node"}), StartsWith("cairn: CAIRN_LOG_LEVEL: expected debug, info"));
}

TEST(Environment, OfANodeIsNotOfOtherCommands) {
    const Variable level{"CAIRN_LOG_LEVEL", "wran"};
    const Variable threads{"CAIRN_THREADS", "x"};
    EXPECT_TRUE(std::holds_alternative<RunClient>(parse_command_line({"status"})));
    EXPECT_TRUE(std::holds_alternative<RunVerify>(parse_command_line({"verify"})));
}

TEST(Environment, IsWeakerThanTheCommandLineOfEveryTool) {
    const Variable datadir{"CAIRN_DATADIR", "/elsewhere"};
    const Variable chain{"CAIRN_CHAIN", "dev"};
    for (const auto* said : {"--datadir=/here", "--datadir"}) {
        Typed words{"verify", said};
        if (words[1] == "--datadir") words.emplace_back("/here");
        const auto verify = parse_command_line(words);
        EXPECT_EQ(std::get<RunVerify>(verify).settings.datadir, "/here");
        EXPECT_EQ(std::get<RunVerify>(verify).settings.chain, "dev");
        words[0] = "import";
        words.emplace_back("file");
        EXPECT_EQ(std::get<RunImport>(parse_command_line(words)).settings.datadir, "/here");
        words[0] = "export";
        EXPECT_EQ(std::get<RunExport>(parse_command_line(words)).settings.datadir, "/here");
    }
    EXPECT_EQ(std::get<RunVerify>(parse_command_line({"verify"})).settings.datadir, "/elsewhere");
}

}  // namespace
}  // namespace cairn
