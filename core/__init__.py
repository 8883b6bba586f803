"""What the atlas knows: shapes, the tensor language, operations and figures. Imports no Streamlit."""
