#include "cli/base/table.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace cairn::cli {
namespace {

/// What was written into an output that is a file.
class Written {
public:
    explicit Written(bool colour = false)
        : file_{std::tmpfile()}, out{fileno(file_), colour, colour} {}
    Written(const Written&) = delete;
    Written& operator=(const Written&) = delete;
    ~Written() { std::fclose(file_); }
    std::string text() {
        std::string read(static_cast<std::size_t>(lseek(fileno(file_), 0, SEEK_CUR)), '\0');
        EXPECT_EQ(pread(fileno(file_), read.data(), read.size(), 0),
                  static_cast<ssize_t>(read.size()));
        return read;
    }

private:
    std::FILE* file_;

public:
    Output out;
};

TEST(Table, AlignsByCodePoints) {
    Written written;
    Table table{written.out, {{"NAME"}, {"COINS", Align::right}, {"MEMO"}}};
    table.row({"jürgen…", "1.5", "x"});
    table.row({"bob", "100", ""});
    table.end();
    EXPECT_EQ(written.text(),
              "NAME     COINS  MEMO\n"
              "jürgen…    1.5  x\n"
              "bob        100\n");
}

TEST(Table, WithoutRowsIsNothing) {
    Written written;
    Table table{written.out, {{"NAME"}}};
    table.end();
    EXPECT_EQ(written.text(), "");
}

TEST(Table, HoldsBackOnlyWhatItMeasures) {
    Written written;
    Table table{written.out, {{"A"}, {"B"}}};
    for (std::size_t i = 0; i + 1 < Table::kMeasured; ++i) table.row({"aa", "b"});
    EXPECT_EQ(written.text(), "");
    table.row({"aa", "b"});
    EXPECT_EQ(written.text().size(), (Table::kMeasured + 1) * 6);
    table.row({"long", "b"});
    EXPECT_TRUE(written.text().ends_with("aa  b\nlong  b\n"));
    table.end();
    EXPECT_TRUE(written.text().ends_with("aa  b\nlong  b\n"));
}

TEST(Table, IsColouredOnlyWhereColoursAre) {
    for (const bool colour : {false, true}) {
        Written written{colour};
        Table table{written.out, {{"A"}}};
        table.row({"a"});
        table.end();
        Facts{written.out}.add("b", "c").end();
        EXPECT_EQ(written.text().find('\x1b') != std::string::npos, colour);
    }
}

TEST(Facts, StandUnderOneAnotherAndLeaveOutWhatIsEmpty) {
    Written written;
    Facts{written.out}.add("größe", "1").add("none", "").add("b", "2").end();
    EXPECT_EQ(written.text(), "größe  1\nb      2\n");
}

TEST(Output, RemembersThatItsReaderWentAway) {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    close(ends[0]);
    Output out{ends[1]};
    EXPECT_TRUE(out.good());
    out.line("a");
    EXPECT_FALSE(out.good());
    EXPECT_EQ(out.error(), EPIPE);
    EXPECT_FALSE(out.terminal());
    EXPECT_FALSE(out.colour());
    close(ends[1]);
}

}  // namespace
}  // namespace cairn::cli
